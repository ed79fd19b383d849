package gstgraph

// Element is a GStreamer element that graphs can use.
type Element struct {
	Name string
	// Package of Debian and Ubuntu that brings it.
	Package   string
	Installed bool
}

// Need says what a job's elements are for.
type Need uint8

const (
	// AllOf: each of the elements is needed, else nothing of the job works.
	AllOf Need = iota
	// FirstOf: the first that is there does the job.
	FirstOf
	// Extra: preferred to the others where they are; they come with hardware.
	Extra
)

// Job is one thing that graphs do, with the elements for it in order of preference.
type Job struct {
	Name     string
	Need     Need
	Elements []Element
}

// Inventory lists all that graphs can use, and what is installed of it.
// Elements for hardware are installed only where their driver finds some.
func Inventory() []Job {
	jobs := []Job{
		job("the way through Go", AllOf, "appsink", "appsrc", "videoconvert", "capsfilter"),
		job("RTSP cameras", AllOf, "rtspsrc", "rtpjitterbuffer", "udpsrc", h264.depay, h265.depay, jpeg.depay),
		job("films", AllOf, "filesrc", "qtdemux", "matroskademux", "tsdemux", "clocksync"),
		job("test pictures", AllOf, "videotestsrc"),
		job("parsers", AllOf, h264.parse, h265.parse, jpeg.parse),
	}
	for _, c := range []*codec{h264, h265, jpeg} {
		soft := filter(c.decoders, func(d *decoder) bool { return !d.hardware() })
		jobs = append(jobs, job("decode "+c.name, FirstOf, decoderNames(soft)...))
	}
	var encoders []string
	for _, k := range h264Encoders {
		encoders = append(encoders, k.element)
	}
	return append(jobs,
		job("encode H.264", FirstOf, encoders...),
		job("hardware decoders", Extra, hardwareDecoders()...),
	)
}

// hardwareDecoders are those that decode.mode auto and hardware try, in their
// order for each codec.
func hardwareDecoders() []string {
	var names []string
	for _, c := range []*codec{h264, h265, jpeg} {
		names = append(names, decoderNames(filter(c.decoders, (*decoder).hardware))...)
	}
	return names
}

func job(name string, need Need, elements ...string) Job {
	j := Job{Name: name, Need: need}
	for _, e := range elements {
		j.Elements = append(j.Elements, Element{e, packages[e], installed(e)})
	}
	return j
}
