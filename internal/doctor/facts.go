package doctor

import (
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// Facts are what was seen of a machine. Zero values are what was not found out.
type Facts struct {
	// GStreamer is its version, such as "1.22.0".
	GStreamer string
	Jobs      []gstgraph.Job
	// Devices are device files of hardware that may decode.
	Devices []string
	Runtime Runtime
	CPU     CPU
	Memory  Memory
	Limits  Limits
	Clock   Clock
	// Config is nil where none was given.
	Config *ConfigFacts
}

// Runtime is ONNX Runtime as this program would load it, with what it has.
type Runtime struct {
	onnx.Runtime
	// Err: there is none that can be used.
	Err error
}

// CPU is what computes.
type CPU struct {
	Model string
	// Arch is Go's name, such as "amd64".
	Arch     string
	Features []string
	// Cores are those that the process may run on; Threads is how many of them
	// Go uses, which is less where a container is limited.
	Cores, Threads int
}

// Memory in bytes; Limit is the container's, 0: none.
type Memory struct{ Total, Available, Limit uint64 }

// Limits are how much of something the process may have; 0: not known, or none.
type Limits struct{ Files, Tasks uint64 }

// Clock is the host's clock.
type Clock struct {
	Known, Synchronised bool
}

// ConfigFacts are about a config file.
type ConfigFacts struct {
	Check config.Report
	// Feeds and what is below is only there for a file without mistakes.
	Feeds     int
	NeedsONNX bool
	// Providers are the execution providers that its processors name.
	Providers []string
	library   string // the first that a processor names
	Ports     []Port
	Folders   []Folder
}

// Port is an address that the config wants to listen on.
type Port struct {
	// For is what listens: "metrics".
	For, Address string
	// Err: it cannot be had, and what to do.
	Err error
}

// Folder is a folder that the config writes to.
type Folder struct {
	// For is what writes: "films of front-door".
	For, Path string
	// Free is what is left on the volume; Floor is what the config leaves free,
	// and Wants how much it may fill, all in bytes.
	Free, Floor, Wants uint64
	Err                error
}
