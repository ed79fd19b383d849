package gstgraph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/pipeline"

	"github.com/go-gst/go-gst/gst"
)

// candidates are the decoders to try, in order, and those that are left alone
// because they failed before. Where those are all there is, they are tried again.
func (g *graph) candidates(c *codec) (use []*decoder, refused []string) {
	var left []*decoder
	for _, d := range g.decodersFor(c) {
		if !d.installed() {
			continue
		}
		if why, before := g.settings.DecoderMemory.Refused(d.name); before {
			left, refused = append(left, d), append(refused, d.name+": "+why)
			continue
		}
		use = append(use, d)
	}
	if len(use) == 0 {
		return left, nil
	}
	return use, refused
}

// decodersFor are the configured decoders that fit codec and mode, else the
// codec's own that fit the mode; they need not be there.
func (g *graph) decodersFor(c *codec) []*decoder {
	var named []*decoder
	for _, name := range g.settings.Decoders {
		if d := c.decoderNamed(name); takes(d.element, c.caps) {
			named = append(named, d)
		}
	}
	if fit := g.ofMode(named); len(fit) > 0 {
		return fit
	}
	return g.ofMode(c.decoders)
}

func (g *graph) ofMode(all []*decoder) []*decoder {
	switch g.settings.Decode {
	case pipeline.DecodeHardware:
		return filter(all, (*decoder).hardware)
	case pipeline.DecodeSoftware:
		return filter(all, func(d *decoder) bool { return !d.hardware() })
	}
	return all
}

func filter(all []*decoder, keep func(*decoder) bool) []*decoder {
	return slices.DeleteFunc(slices.Clone(all), func(d *decoder) bool { return !keep(d) })
}

func takes(element, capsText string) bool {
	f := gst.Find(element)
	if f == nil {
		return false
	}
	defer dropObject(f.Object)
	caps := gst.NewCapsFromString(capsText)
	defer dropCaps(caps)
	return f.CanSinkAnyCaps(caps)
}

// notInstalled says what to install for a codec.
func (g *graph) notInstalled(c *codec) error {
	all := g.decodersFor(c)
	if g.settings.Decode != pipeline.DecodeHardware {
		return notInstalled("decoder for "+c.name, decoderNames(g.softwareFirst(all)))
	}
	var drivers []string
	for _, d := range all {
		if text := d.device.name + ": " + d.device.driver; !slices.Contains(drivers, text) {
			drivers = append(drivers, text)
		}
	}
	return fmt.Errorf("%w and the device's driver (%s), or set decode.mode to auto",
		notInstalled("hardware decoder for "+c.name, decoderNames(all)), strings.Join(drivers, "; "))
}

// softwareFirst: what everybody can install is to be named first.
func (g *graph) softwareFirst(all []*decoder) []*decoder {
	soft := filter(all, func(d *decoder) bool { return !d.hardware() })
	return append(soft, filter(all, (*decoder).hardware)...)
}
