package film

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rotate/rotatetest"
)

// TestAnySchedule lets streams with gaps, jumps, garbage and changes of size
// meet a disk that fails and heals at random. Whatever happens, each packet is
// counted once, every file can be read, keeps its limit, begins with a keyframe
// and has times that only grow.
func TestAnySchedule(t *testing.T) {
	small, large := clip(t, "small.h264", 0), clip(t, "large.h264", 0)
	for seed := range uint64(25) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			dir := t.TempDir()
			fsys := rotatetest.New()
			cfg := config(dir)
			cfg.QueuePackets = 8 + rng.IntN(40)
			cfg.MaxDuration = 10 * time.Second
			cfg.Rotation.MaxFileSize = 1 << 20
			w, _ := start(t, cfg, fsys)
			n := 0
			stream := randomStream(rng, small, large)
			for _, p := range stream {
				breakSomething(rng, fsys)
				if rng.IntN(10) > 0 { // now and then a burst
					time.Sleep(interval)
				}
				if rng.IntN(200) == 0 {
					time.Sleep(time.Duration(rng.IntN(120)) * time.Second)
				}
				w.Write(p)
				n++
			}
			fsys.Heal()
			finish(t, w)
			requireLedger(t, w, n)
			if s := w.Status(); s.Waiting != 0 || s.Lost != 0 {
				t.Errorf("seed %d: %+v", seed, s)
			}
			requireSound(t, dir, cfg, seed, w.Status().Written)
		})
	}
}

func randomStream(rng *rand.Rand, small, large []frame.Packet) (stream []frame.Packet) {
	pts := time.Duration(rng.IntN(100)) * time.Second
	for range 12 {
		source := small
		if rng.IntN(3) == 0 {
			source = large
		}
		from := rng.IntN(len(source))
		for _, p := range source[from:] {
			pts += interval + time.Duration(rng.IntN(int(5*time.Millisecond)))
			switch rng.IntN(150) {
			case 0:
				pts += time.Duration(rng.IntN(20)) * time.Second
			case 1:
				pts = max(0, pts-time.Duration(rng.IntN(20))*time.Second)
			case 2:
				p.Data = p.Data[:rng.IntN(len(p.Data))]
			case 3:
				p = heavy([]frame.Packet{p}, rng.IntN(700_000))[0]
			}
			p.PTS = pts
			stream = append(stream, p)
		}
	}
	return stream
}

func breakSomething(rng *rand.Rand, fsys *rotatetest.FS) {
	switch rng.IntN(300) {
	case 0:
		fsys.Room(rng.Int64N(5000))
	case 1:
		fsys.Fault([]string{"write", "open", "sync", "truncate", "space", "readdir"}[rng.IntN(6)], syscall.EIO)
	case 2, 3:
		fsys.Heal()
	}
}

func requireSound(t *testing.T, dir string, cfg Config, seed, written uint64) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "*.mp4"))
	var inFiles uint64
	for _, name := range names {
		if info, _ := os.Stat(name); info.Size() > int64(cfg.Rotation.MaxFileSize) {
			t.Errorf("seed %d: %s has %d bytes", seed, name, info.Size())
		}
		content, _ := os.ReadFile(name)
		if len(content) < 100 {
			continue // the disk failed in the middle of the header, and while that was cut off
		}
		m := readMovie(t, name)
		inFiles += uint64(len(m.samples))
		if len(m.samples) > 0 && !m.samples[0].key {
			t.Errorf("seed %d: %s begins without a keyframe", seed, name)
		}
		for i := 1; i < len(m.samples); i++ {
			if m.samples[i].at < m.samples[i-1].at+uint64(m.samples[i-1].duration) {
				t.Errorf("seed %d: %s: sample %d goes back in time", seed, name, i)
			}
		}
	}
	if inFiles != written {
		t.Errorf("seed %d: %d packets in %d files, %d counted as written", seed, inFiles, len(names), written)
	}
}
