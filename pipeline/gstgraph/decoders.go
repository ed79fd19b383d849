package gstgraph

import (
	"strings"

	"github.com/go-gst/go-gst/gst"
)

// decoder is one way from access units to pictures in system memory.
type decoder struct {
	// name in configs, events and metrics: the element's.
	name    string
	element string
	device  *device // nil: software
	// before the element, in one bin with it.
	before []step
}

func (d *decoder) hardware() bool { return d.device != nil }

// device is a kind of hardware that decodes.
type device struct {
	name string
	// driver is what makes its elements appear, beside their package.
	driver string
	// download is the element that brings pictures out of the device's memory,
	// on the device's side; "": the decoder does so itself.
	download string
}

var (
	vaapi = &device{"VA-API", "intel-media-va-driver or mesa-va-drivers", "vapostproc"}
	nvdec = &device{"NVDEC", "NVIDIA's driver with libnvcuvid1", "cudadownload"}
	v4l2  = &device{"V4L2", "the board's kernel driver", ""}
	// unlisted is hardware that only a config names.
	unlisted = &device{"unlisted hardware", "its driver", ""}
)

func software(names ...string) []*decoder { return on(nil, names...) }

func on(where *device, names ...string) []*decoder {
	var all []*decoder
	for _, n := range names {
		all = append(all, &decoder{name: n, element: n, device: where})
	}
	return all
}

// prefer is a codec's decoders in order of preference: hardware, then software.
// V4L2's stateless decoders keep no bitstream parser in firmware and come first.
func prefer(suffix string, soft ...string) []*decoder {
	all := on(vaapi, "va"+suffix)
	all = append(all, on(nvdec, "nv"+suffix)...)
	if suffix != "jpegdec" {
		all = append(all, on(v4l2, "v4l2sl"+suffix)...)
	}
	all = append(all, on(v4l2, "v4l2"+suffix)...)
	return append(all, software(soft...)...)
}

// simulated are decoders that only tests have.
var simulated map[string]*decoder

// decoderNamed is a codec's own one of that name, else what the element says of
// itself.
func (c *codec) decoderNamed(name string) *decoder {
	for _, d := range c.decoders {
		if d.name == name {
			return d
		}
	}
	if d := simulated[name]; d != nil {
		return d
	}
	d := &decoder{name: name, element: name}
	if isHardware(name) {
		d.device = unlisted
	}
	return d
}

// isHardware: by convention a factory's class says so.
func isHardware(element string) bool {
	f := gst.Find(element)
	if f == nil {
		return false
	}
	defer dropObject(f.Object)
	return strings.Contains(f.GetMetadata("klass"), "Hardware")
}

// steps are the decoder's elements, in order.
func (d *decoder) steps(threads int) []step {
	steps := append([]step(nil), d.before...)
	steps = append(steps, step{d.element, props{"max-threads": threads, "qos": false}})
	if d.hardware() && d.device.download != "" {
		steps = append(steps, step{d.device.download, nil})
	}
	return steps
}

// elements that the decoder needs.
func (d *decoder) elements() []string {
	var names []string
	for _, s := range d.steps(1) {
		names = append(names, s.factory)
	}
	return names
}

func (d *decoder) installed() bool {
	for _, e := range d.elements() {
		if !installed(e) {
			return false
		}
	}
	return true
}

func decoderNames(all []*decoder) []string {
	var names []string
	for _, d := range all {
		names = append(names, d.name)
	}
	return names
}
