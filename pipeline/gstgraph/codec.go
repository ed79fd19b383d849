package gstgraph

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/go-gst/go-gst/gst"
)

// codec is how one kind of video gets from a source's pad to raw pictures.
type codec struct {
	name string
	caps string // what its decoders take
	// form in which they all take it, so that one can follow another.
	form  string
	depay string
	// depayed is what the depayloader is to give, if not whatever it likes.
	depayed  string
	parse    string
	decoders []*decoder
	// intra: every picture is a keyframe.
	intra bool
}

const byteStream = ",stream-format=byte-stream,alignment=au"

// avc has the lengths of NAL units before them. In a byte stream h264parse (1.22)
// takes the first slice of a keyframe of several for an access unit of its own, and
// decoders give two pictures for it.
const avc = "video/x-h264,stream-format=avc,alignment=au"

var (
	h264 = &codec{name: "H.264", caps: "video/x-h264", form: byteStream, depay: "rtph264depay", depayed: avc, parse: "h264parse",
		decoders: prefer("h264dec", "avdec_h264", "openh264dec")}
	h265 = &codec{name: "H.265", caps: "video/x-h265", form: byteStream, depay: "rtph265depay", parse: "h265parse",
		decoders: prefer("h265dec", "avdec_h265", "libde265dec")}
	jpeg = &codec{name: "JPEG", caps: "image/jpeg", depay: "rtpjpegdepay", parse: "jpegparse",
		decoders: prefer("jpegdec", "jpegdec", "avdec_mjpeg"), intra: true}
)

// codecs by RTP encoding name and by a demuxer's caps.
var codecs = map[string]*codec{
	"H264": h264, "H265": h265, "JPEG": jpeg,
	h264.caps: h264, h265.caps: h265, jpeg.caps: jpeg,
}

// attach builds the way from a source's new pad to the appsink, downstream
// first, and links the pad last. It runs in the source's own thread, before
// data flows on the pad.
func (g *graph) attach(pad unsafe.Pointer, c *codec, rtp bool) error {
	var steps []step
	if rtp {
		steps = append(steps, step{c.depay, nil})
		if c.depayed != "" {
			steps = append(steps, step{"capsfilter", props{"caps": c.depayed}})
		}
	}
	parser := len(steps)
	// Each keyframe has its parameter sets with it, for a decoder that begins there.
	steps = append(steps, step{c.parse, props{"config-interval": -1}}, step{"capsfilter", props{"caps": c.caps + c.form}})
	if !rtp {
		// A film has to be held to its own rate; before the decoder, so that no
		// picture waits in a buffer of its pool.
		steps = append(steps, step{"clocksync", props{"sync": !g.settings.Unpaced}})
	}
	decoder, err := g.startDecoder(c)
	if err != nil {
		return err
	}
	chain, err := g.elements.chain(g.in, steps...)
	if err != nil {
		return err
	}
	if err := link(chain[len(chain)-1], decoder, g.convert); err != nil {
		return err
	}
	if err := g.watchDecoder(decoder); err != nil {
		return err
	}
	g.watchParser(chain[parser], c)
	C.nv_decode_watch(g.c, pointer(chain[len(chain)-1]))
	for i := len(chain) - 1; i >= 0; i-- {
		if !chain[i].SyncStateWithParent() {
			return fmt.Errorf("the element for %s does not start", c.name)
		}
	}
	return g.linkPad(pad, chain[0])
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (g *graph) watchParser(parser *gst.Element, c *codec) {
	s := g.settings
	C.nv_input_parser(g.c, pointer(parser), C.int(s.MaxWidth), C.int(s.MaxHeight), C.int64_t(s.MaxPixels),
		C.int(boolInt(c.intra)), C.int(boolInt(s.KeyframesOnly)))
}

func (g *graph) linkPad(pad unsafe.Pointer, to *gst.Element) error {
	if C.nv_loop_link(g.c, pad, pointer(to), C.int(boolInt(g.seamless))) == 0 {
		return fmt.Errorf("the source's video cannot be linked")
	}
	if g.seamless {
		g.startSegment.Store(true)
		g.wake()
	}
	return nil
}
