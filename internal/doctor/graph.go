package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// oldestGStreamer is what graphs are tested with at least.
const oldestGStreamer = "1.20"

func (r *Report) graph(f Facts) {
	const part = "GStreamer"
	version := Finding{Name: "version", Level: OK, Found: f.GStreamer}
	if older(f.GStreamer, oldestGStreamer) {
		version.Level, version.Means = Warning, "older than "+oldestGStreamer+", with which nothing was tried"
		version.Mend = "Debian 12, Ubuntu 22.04 or newer"
	}
	r.add(part, version)
	for _, j := range f.Jobs {
		finding := examineJob(j)
		if j.Need == gstgraph.Extra {
			finding = hardware(finding, j, f.Devices)
		}
		r.add(part, finding)
	}
}

func older(version, least string) bool {
	var have, want [2]int
	fmt.Sscanf(version, "%d.%d", &have[0], &have[1])
	fmt.Sscanf(least, "%d.%d", &want[0], &want[1])
	return have[0] < want[0] || have[0] == want[0] && have[1] < want[1]
}

func examineJob(j gstgraph.Job) Finding {
	var there, absent, packages []string
	for _, e := range j.Elements {
		if e.Installed {
			there = append(there, e.Name)
			continue
		}
		absent = append(absent, e.Name)
		if e.Package != "" && !slices.Contains(packages, e.Package) {
			packages = append(packages, e.Package)
		}
	}
	f := Finding{Name: j.Name, Level: OK}
	switch j.Need {
	case gstgraph.AllOf:
		f.Found = strings.Join(there, ", ")
		if len(absent) > 0 {
			f.Level, f.Found = Missing, "lacks "+strings.Join(absent, ", ")
			f.Means, f.Mend = "no graph with it can be built", install(packages...)
		}
	case gstgraph.FirstOf:
		f = first(f, j, there, packages)
	case gstgraph.Extra:
		f.Found = strings.Join(there, ", ")
		f.Mend = install(packages...)
	}
	return f
}

// hardware: elements for it appear only where their driver finds a device.
func hardware(f Finding, j gstgraph.Job, devices []string) Finding {
	mend := f.Mend
	f.Mend = ""
	switch {
	case f.Found != "":
		f.Means = "tried before software where a feed's decode.mode is auto; decode.mode: software keeps a feed from them"
	case len(devices) == 0:
		f.Level, f.Found = Note, "none"
		f.Means = "software decodes, and decode.mode: hardware cannot; there is no device such as /dev/dri/renderD128 or /dev/nvidia0"
	default:
		f.Level, f.Found = Note, "none, though there is "+strings.Join(devices, ", ")
		f.Means = "software decodes, and decode.mode: hardware cannot; GStreamer's elements need the device's driver " +
			"(VA-API: intel-media-va-driver or mesa-va-drivers; NVDEC: NVIDIA's with libnvcuvid1) and the right to open it"
		f.Mend = mend
	}
	return f
}

// consequences of a job that nothing can do; what is not here is required.
var consequences = map[string]string{
	"decode H.265": "cameras and films in H.265 are refused",
	"decode JPEG":  "cameras and films in JPEG are refused",
	"encode H.264": "no annotated streams and films; events are not affected",
}

func first(f Finding, j gstgraph.Job, there, packages []string) Finding {
	if len(there) > 0 {
		f.Found = there[0]
		if len(there) > 1 {
			f.Found += " (then " + strings.Join(there[1:], ", ") + ")"
		}
		return f
	}
	f.Found = "none of the elements for it"
	f.Level, f.Means, f.Mend = Missing, "most cameras and films cannot be played", install(packages[:min(1, len(packages))]...)
	if c := consequences[j.Name]; c != "" {
		f.Level, f.Means = Warning, c
	}
	return f
}

func install(packages ...string) string {
	return "sudo apt-get install " + strings.Join(packages, " ")
}
