package gstgraph

import (
	"os"
	"runtime"
)

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func entries(dir string) int {
	all, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	return len(all)
}

// descriptors and threads of this process.
func descriptors() int { return entries("/proc/self/fd") }

func threads() int { return entries("/proc/self/task") }
