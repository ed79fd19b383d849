package doctor

import (
	"cmp"
	"io/fs"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// Options are what Gather needs beside the machine.
type Options struct {
	// Config is the path of a config file; "": none.
	Config string
	// Types are the processors that a config may have.
	Types config.Registry
	// Library is the path of ONNX Runtime's library; "": the config's, else as
	// for any processor.
	Library string
	// Probe tries providers of ONNX Runtime, all or one, in a process of its
	// own: some native code ends the process where its driver is missing.
	Probe Probe
}

// Gather looks at the machine that it runs on. What cannot be found out stays
// zero. Ports of the config are listened on for a moment, and ONNX Runtime is
// tried.
func Gather(o Options) Facts {
	root := os.DirFS("/")
	f := Facts{
		GStreamer: gstgraph.Version(),
		Jobs:      gstgraph.Inventory(),
		Devices:   devicesOf(root),
		CPU:       cpuOf(root),
		Memory:    memoryOf(root),
		Limits:    limitsOf(root),
		Clock:     hostClock(),
	}
	library := o.Library
	if o.Config != "" {
		f.Config = configured(o.Config, o.Types)
		library = cmp.Or(library, f.Config.library)
	}
	f.Runtime = runtimeOf(o.Probe, library)
	return f
}

func cpuOf(root fs.FS) CPU {
	c := CPU{Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Threads: runtime.GOMAXPROCS(0)}
	c.Model, c.Features = cpuInfo(root)
	return c
}

// devicesOf finds the files of GPUs (VA-API, NVDEC) and of V4L2's codecs.
func devicesOf(root fs.FS) (found []string) {
	for _, pattern := range []string{"dev/dri/renderD*", "dev/nvidia[0-9]*", "dev/video*", "dev/media*"} {
		names, _ := fs.Glob(root, pattern) // the patterns are well formed
		for _, n := range names {
			found = append(found, "/"+n)
		}
	}
	return found
}

func limitsOf(root fs.FS) Limits {
	l := Limits{Files: resource(unix.RLIMIT_NOFILE)}
	if os.Geteuid() != 0 { // root is not held to it
		l.Tasks = resource(unix.RLIMIT_NPROC)
	}
	l.Tasks = least(l.Tasks, cgroupLimit(root, "pids.max"))
	return l
}

// resource is a limit of the process; 0: none. Go has raised that of open files
// as far as it may go.
func resource(which int) uint64 {
	var r unix.Rlimit
	if unix.Getrlimit(which, &r) != nil || r.Cur == unix.RLIM_INFINITY {
		return 0
	}
	return uint64(r.Cur)
}

// least is the lower of two limits of which 0 means none.
func least(a, b uint64) uint64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// unsynchronised is the kernel's STA_UNSYNC.
const unsynchronised = 0x40

func hostClock() Clock {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return Clock{}
	}
	return Clock{Known: true, Synchronised: t.Status&unsynchronised == 0}
}
