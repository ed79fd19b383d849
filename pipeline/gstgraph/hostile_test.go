package gstgraph

import (
	"bytes"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/pipeline"
)

// bits writes an H.264 bitstream, most significant bit first.
type bits struct {
	out  []byte
	n    int
	last byte
}

func (b *bits) put(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		b.last = b.last<<1 | byte(v>>i&1)
		if b.n++; b.n%8 == 0 {
			b.out = append(b.out, b.last)
		}
	}
}

// ue is Exp-Golomb's code.
func (b *bits) ue(v uint32) {
	n := 0
	for (v+1)>>n > 1 {
		n++
	}
	b.put(0, n)
	b.put(v+1, n+1)
}

// sps is a sequence parameter set of baseline profile that promises pictures
// of a size in macroblocks of 16×16 pixels.
func sps(id, width, height uint32) []byte {
	var b bits
	for _, v := range []uint32{66, 0, 62} { // profile, constraints, level
		b.put(v, 8)
	}
	b.ue(id)
	b.ue(0) // log2_max_frame_num_minus4
	b.ue(2) // pic_order_cnt_type
	b.ue(1) // max_num_ref_frames
	b.put(0, 1)
	b.ue(width - 1)
	b.ue(height - 1)
	b.put(1, 1) // frames only
	b.put(1, 1) // direct_8x8_inference
	b.put(0, 2) // no cropping, no VUI
	b.put(1, 1)
	for b.n%8 != 0 {
		b.put(0, 1)
	}
	// No two zero bytes in a row come up, so nothing has to be escaped.
	return append([]byte{0x67}, b.out...)
}

var startCode = []byte{0, 0, 0, 1}

// nals are an access unit's.
func nals(unit []byte) [][]byte {
	unit = bytes.ReplaceAll(unit, startCode, startCode[1:])
	return bytes.Split(unit, startCode[1:])[1:]
}

func joined(all ...[]byte) (unit []byte) {
	for _, n := range all {
		unit = append(append(unit, startCode...), n...)
	}
	return unit
}

// withSets are keyframes of a small picture, with other parameter sets put
// before them in place of their own.
func withSets(t *testing.T, change func(own []byte) [][]byte) []frame.Packet {
	t.Helper()
	units := encode(t, EncoderSettings{Width: 320, Height: 240, FPS: 25}, 1)
	var sets [][]byte
	for _, n := range nals(units[0].Data) {
		if n[0]&31 == 7 {
			sets = append(sets, change(n)...)
			continue
		}
		sets = append(sets, n)
	}
	units[0].Data = joined(sets...)
	return units
}

// A camera that promises 16,384×16,384 pixels is refused by name, before a
// picture of that size is made; also where it hides that behind another size.
func TestFault36_HugePictures(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(own []byte) [][]byte{
		"said openly":      func([]byte) [][]byte { return [][]byte{sps(0, 1024, 1024)} },
		"more than 40 MP":  func([]byte) [][]byte { return [][]byte{sps(0, 500, 500)} },
		"behind a smaller": func([]byte) [][]byte { return [][]byte{sps(0, 500, 500), sps(1, 20, 15)} },
	} {
		t.Run(name, func(t *testing.T) {
			cam := camera(t, looped(rtspcam.H264, withSets(t, change)), rtspcam.Options{})
			r := newRecorder()
			g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{}, r)
			e := r.untilEvent(t, pipeline.EventError)
			if e.Reason != pipeline.ReasonUnsupported || !strings.Contains(e.Err.Error(), "at most 8192×8192 and 40000000 pixels") {
				t.Errorf("%s: %v", e.Reason, e.Err)
			}
			t.Log(e.Err)
			if c := balanced(t, g, r); c.Decoded > 0 {
				t.Errorf("%+v of a picture that is too large", c)
			}
		})
	}
}
