package main

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what the process has used up.
type usage struct {
	at      time.Time
	cpu     time.Duration
	mallocs uint64
}

func now() usage {
	var r unix.Rusage
	// It cannot fail for the process itself.
	_ = unix.Getrusage(unix.RUSAGE_SELF, &r)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	cpu := time.Duration(r.Utime.Nano() + r.Stime.Nano())
	return usage{time.Now(), cpu, m.Mallocs}
}

// figures are one run's.
type figures struct {
	frames  uint64
	cpu     time.Duration
	mallocs uint64
	batch   float64 // mean batch size, where there are batches
}

func (u usage) until(v usage, frames uint64) figures {
	return figures{frames: frames, cpu: v.cpu - u.cpu, mallocs: v.mallocs - u.mallocs}
}

// perFrame is CPU in microseconds.
func (f figures) perFrame() float64 {
	return float64(f.cpu.Nanoseconds()) / 1000 / float64(max(f.frames, 1))
}

func (f figures) mallocsPerFrame() float64 { return float64(f.mallocs) / float64(max(f.frames, 1)) }

// better is the one that cost less.
func better(a, b figures) figures {
	if a.frames == 0 || b.perFrame() < a.perFrame() {
		return b
	}
	return a
}
