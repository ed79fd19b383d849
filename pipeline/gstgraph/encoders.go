package gstgraph

import (
	"fmt"

	"github.com/go-gst/go-gst/gst"
)

// h264Packets is what everybody gets: whole access units with start codes.
const (
	h264Packets = "video/x-h264,stream-format=byte-stream,alignment=au"
	h265Packets = "video/x-h265,stream-format=byte-stream,alignment=au"
	jpegPackets = "image/jpeg"
)

// manyFrames is a keyframe interval that time ends first: 10 s at 60 frames/s.
const manyFrames = 600

// encoderKind is how one encoder element is set up for live pictures: no
// reordering, no lookahead, keyframes where they are asked for.
type encoderKind struct {
	element string
	fixed   props
	// keyInterval and bitrate are the properties' names; bitrateUnit is how
	// many bits/s one of its units is.
	keyInterval, bitrate string
	bitrateUnit          int
}

var h264Encoders = []*encoderKind{
	{element: "x264enc", keyInterval: "key-int-max", bitrate: "bitrate", bitrateUnit: 1000, fixed: props{
		"tune": "zerolatency", "speed-preset": "superfast", "bframes": 0, "byte-stream": true, "threads": 1}},
	{element: "openh264enc", keyInterval: "gop-size", bitrate: "bitrate", bitrateUnit: 1, fixed: props{
		"usage-type": "camera", "complexity": "low", "rate-control": "bitrate"}},
	{element: "vah264enc", keyInterval: "key-int-max", bitrate: "bitrate", bitrateUnit: 1000, fixed: props{"b-frames": 0}},
	{element: "nvh264enc", keyInterval: "gop-size", bitrate: "bitrate", bitrateUnit: 1000, fixed: props{
		"bframes": 0, "zerolatency": true}},
	{element: "vaapih264enc", keyInterval: "keyframe-period", bitrate: "bitrate", bitrateUnit: 1000, fixed: props{"max-bframes": 0}},
	{element: "v4l2h264enc", bitrateUnit: 1},
}

var h265Encoders = []*encoderKind{
	{element: "x265enc", keyInterval: "key-int-max", bitrate: "bitrate", bitrateUnit: 1000, fixed: props{
		"tune": "zerolatency", "speed-preset": "ultrafast", "option-string": verbatim("bframes=0:log-level=none:pools=1")}},
}

var jpegEncoders = []*encoderKind{{element: "jpegenc", bitrateUnit: 1, fixed: props{"quality": 85}}}

func encodersOf(c *codec) []*encoderKind {
	switch c {
	case h265:
		return h265Encoders
	case jpeg:
		return jpegEncoders
	}
	return h264Encoders
}

// chooseEncoder takes the first that is installed: of the wanted, else of the known.
func chooseEncoder(known []*encoderKind, wanted []string) (*encoderKind, error) {
	list := known
	if len(wanted) > 0 {
		list = nil
		for _, name := range wanted {
			list = append(list, kindNamed(known, name))
		}
	}
	var names []string
	for _, k := range list {
		if installed(k.element) {
			return k, nil
		}
		names = append(names, k.element)
	}
	return nil, notInstalled("video encoder", names)
}

// kindNamed is how to set up the encoder; one we do not know keeps its own settings.
func kindNamed(known []*encoderKind, name string) *encoderKind {
	for _, k := range known {
		if k.element == name {
			return k
		}
	}
	return &encoderKind{element: name, bitrateUnit: 1}
}

func (k *encoderKind) props(keyInterval int) props {
	p := props{"qos": false}
	for name, v := range k.fixed {
		p[name] = v
	}
	if k.keyInterval != "" {
		p[k.keyInterval] = keyInterval
	}
	return p
}

func (k *encoderKind) setBitrate(el *gst.Element, kbps int) {
	if k.bitrate != "" {
		set(el, k.bitrate, fmt.Sprint(kbps*1000/k.bitrateUnit))
	}
}

// bitrateFor is a picture good enough to look at: 0.07 bits per pixel, which is
// 3.6 Mbit/s for 1080p at 25 frames/s.
func bitrateFor(width, height int, fps float64) int {
	return max(200, int(float64(width*height)*fps*0.07/1000))
}
