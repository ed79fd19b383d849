package demo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
)

// The times of a plan: before the first fault, and after each for the feed to
// come back; the slowest retries of a camera that is there again take 12 s.
const (
	calm     = 10 * time.Second
	recovery = 20 * time.Second
)

// fault is one thing that goes wrong with a camera for a while.
type fault struct {
	name, text string
	lasts      time.Duration
	wrong      func(*rtspcam.Faults) // what it does wrong meanwhile; or nil
	begin, end func(*camera)         // what happens beside that; or nil
}

// faults are all there are, in the order of the help.
func faults() []fault {
	drop := func(c *camera) { c.rtsp.DropConnections() }
	refuse := func(method string, status int) func(*rtspcam.Faults) {
		return func(f *rtspcam.Faults) { f.Status = map[string]int{method: status} }
	}
	return []fault{
		{name: "stall", text: "its network is silent, then everything comes at once", lasts: 8 * time.Second,
			wrong: func(f *rtspcam.Faults) { f.Stalled = true }},
		{name: "hang", text: "it does nothing and keeps its connections", lasts: 12 * time.Second,
			wrong: func(f *rtspcam.Faults) { f.Stalled, f.Frozen = true, true }},
		{name: "reboot", text: "it is off", lasts: 6 * time.Second,
			begin: func(c *camera) { c.rtsp.Stop() },
			end:   func(c *camera) { c.failed(c.rtsp.Start()) }},
		{name: "reset", text: "its connections are reset", lasts: time.Second,
			begin: func(c *camera) { c.rtsp.Reset() }},
		{name: "auth", text: "it refuses the password", lasts: 3 * time.Second,
			wrong: refuse("DESCRIBE", 401), begin: drop},
		{name: "busy", text: "all its sessions are taken", lasts: 3 * time.Second,
			wrong: refuse("SETUP", 453), begin: drop},
		{name: "trickle", text: "its network carries next to nothing", lasts: 8 * time.Second,
			wrong: func(f *rtspcam.Faults) { f.BytesPerSecond = 2000 }},
		{name: "ptsjump", text: "its RTP time jumps back by ten hours, and forth", lasts: 5 * time.Second,
			wrong: func(f *rtspcam.Faults) { f.TimestampOffset = -10 * time.Hour }},
		{name: "clock", text: "its wall clock is an hour off", lasts: 5 * time.Second,
			wrong: func(f *rtspcam.Faults) { f.ClockOffset = time.Hour }},
		{name: "nokey", text: "it sends no keyframes to a new session", lasts: 8 * time.Second,
			wrong: func(f *rtspcam.Faults) { f.NoKeyframes = true }, begin: drop},
		{name: "corrupt", text: "a fifth of its slices are broken", lasts: 8 * time.Second,
			wrong: func(f *rtspcam.Faults) { f.Corrupt = 0.2 }},
		{name: "truncate", text: "a fifth of its slices are cut off", lasts: 8 * time.Second,
			wrong: func(f *rtspcam.Faults) { f.Truncate = 0.2 }},
		{name: "loss", text: "a twentieth of its packets are missing", lasts: 8 * time.Second,
			wrong: func(f *rtspcam.Faults) { f.Loss = 0.05 }},
		{name: "foreign", text: "packets of another stream are between its own", lasts: 5 * time.Second,
			wrong: func(f *rtspcam.Faults) { f.ForeignSSRC = true }},
		{name: "resolution", text: "its pictures have half the width and height", lasts: 8 * time.Second,
			begin: func(c *camera) { c.small.Store(true) },
			end:   func(c *camera) { c.small.Store(false) }},
	}
}

// befall lets it begin.
func (f fault) befall(c *camera) {
	if f.wrong != nil {
		c.rtsp.Break(f.wrong)
	}
	if f.begin != nil {
		f.begin(c)
	}
}

// cease ends it.
func (f fault) cease(c *camera) {
	c.rtsp.Heal()
	if f.end != nil {
		f.end(c)
	}
}

// FaultNames are the faults there are.
func FaultNames() []string {
	var names []string
	for _, f := range faults() {
		names = append(names, f.name)
	}
	return names
}

// Faults are what goes wrong with one camera, one after the other. The zero
// value is none.
type Faults struct {
	camera int // index
	list   []fault
	// calm and recovery are the times before the first and after each.
	calm, recovery time.Duration
}

// ParseFaults reads names with commas between them, in the order in which they
// befall the camera of that number, or the last one: "stall,reboot@2".
func ParseFaults(text string, cameras int) (Faults, error) {
	if text == "" {
		return Faults{}, nil
	}
	if cameras < 2 {
		return Faults{}, fmt.Errorf("faults need at least 2 cameras: one that they befall, and one that must not notice")
	}
	names, number, given := strings.Cut(text, "@")
	f := Faults{camera: cameras - 1, calm: calm, recovery: recovery}
	if given {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > cameras {
			return Faults{}, fmt.Errorf("faults of camera %q: must be 1–%d", number, cameras)
		}
		f.camera = n - 1
	}
	all := faults()
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(f fault) bool { return f.name == name })
		if i < 0 {
			return Faults{}, fmt.Errorf("no fault %q: must be among %s", name, strings.Join(FaultNames(), ", "))
		}
		f.list = append(f.list, all[i])
	}
	return f, nil
}

// Length is how long a demo with these faults takes at least.
func (f Faults) Length() time.Duration {
	d := f.calm
	for _, one := range f.list {
		d += one.lasts + f.recovery
	}
	return d
}
