package gstgraph

// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/pipeline"

	"github.com/go-gst/go-gst/gst"
)

// Access units may go without a picture for this long, and this many of them:
// decoders wait for as many as they may have to reorder, whatever their rate.
const (
	pictureLimit = 3 * time.Second
	pictureUnits = 30
)

// decoding is a graph's decoder and those that come after it. The decoder's
// elements are in a bin that stays, with pads that stay, so that nothing around
// it notices when they are others.
type decoding struct {
	// turn is held while the decoder is being replaced, and for ever when the
	// input closes.
	turn  chan struct{}
	codec *codec
	bin   *gst.Bin
	parts []*gst.Element
	left  []*decoder

	mu      sync.Mutex // the decoder's own threads ask for these
	now     *decoder
	refused []string // decoders with the reason
}

func (d *decoding) take() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now, d.left = d.left[0], d.left[1:]
}

func (d *decoding) note(refused string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = append(d.refused, refused)
}

// startDecoder makes the bin with the first decoder that starts.
func (g *graph) startDecoder(c *codec) (*gst.Element, error) {
	d := &g.decoding
	d.codec = c
	d.left, d.refused = g.candidates(c)
	if len(d.left) == 0 {
		return nil, g.noDecoder()
	}
	d.bin = gst.NewBin("decoder")
	g.elements.keep(d.bin.Element)
	if err := g.in.Add(d.bin.Element); err != nil {
		return nil, err
	}
	C.nv_decode_bin(g.c, pointer(d.bin.Element), C.int64_t(pictureLimit.Microseconds()), pictureUnits)
	if !d.bin.SyncStateWithParent() {
		return nil, fmt.Errorf("the bin for decoders does not start")
	}
	return d.bin.Element, g.nextDecoder()
}

// nextDecoder takes the first of those left that starts: those that need
// hardware fail when it is not there.
func (g *graph) nextDecoder() error {
	d := &g.decoding
	for len(d.left) > 0 {
		d.take()
		C.nv_decode_begin(g.c, 1)
		if why := g.fillDecoder(); why != "" {
			g.refuse(why)
			continue
		}
		C.nv_decode_guard(g.c, C.int(boolInt(d.now.hardware() || len(d.left) > 0)))
		return nil
	}
	return g.noDecoder()
}

// fillDecoder puts the elements of d.now into the bin; "": they have started.
func (g *graph) fillDecoder() (why string) {
	d := &g.decoding
	var err error
	d.parts, err = g.elements.chain(d.bin, d.now.steps(g.settings.DecodeThreads)...)
	if err != nil {
		return err.Error()
	}
	last := len(d.parts) - 1
	if C.nv_decode_target(g.c, pointer(d.parts[0]), pointer(d.parts[last])) == 0 {
		return "has no pads of its own"
	}
	for _, part := range slices.Backward(d.parts) {
		if !part.SyncStateWithParent() {
			return g.faultText("does not start")
		}
	}
	return ""
}

// faultText is what the decoder reported.
func (g *graph) faultText(otherwise string) string {
	var m C.nv_message
	if C.nv_decode_fault_text(g.c, &m) == 0 {
		return otherwise
	}
	return redact(joinDetail(C.GoString(&m.text[0]), C.GoString(&m.debug[0])))
}

// refuse takes the decoder out, and notes why.
func (g *graph) refuse(why string) {
	d := &g.decoding
	for _, part := range d.parts {
		_ = part.SetState(gst.StateNull)
	}
	C.nv_decode_target(g.c, nil, nil)
	for _, part := range d.parts {
		_ = d.bin.Remove(part)
	}
	d.parts = nil
	d.note(d.now.name + ": " + why)
	g.settings.DecoderMemory.Refuse(d.now.name, why)
}

// decoderFault replaces the decoder. It runs on the thread that brings access
// units, outside of the decoder's own pads: no lock of its is held there, and
// its own threads may end.
func (g *graph) decoderFault() {
	d := &g.decoding
	select {
	case d.turn <- struct{}{}:
	default: // the input closes
		return
	}
	defer func() { <-d.turn }()
	g.refuse(g.faultText("failed"))
	if err := g.nextDecoder(); err != nil {
		C.nv_decode_end(g.c)
		g.fail(&pipeline.Error{Reason: pipeline.ReasonUnsupported, Err: err})
	}
}

// endDecoding keeps the decoder as it is from here on.
func (g *graph) endDecoding(ctx context.Context) bool {
	select {
	case g.decoding.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// decoderHangs: what goes into it does not come back. The next connection is
// to take another one.
func (g *graph) decoderHangs() {
	d := &g.decoding
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now != nil && (d.now.hardware() || len(d.left) > 0) {
		g.settings.DecoderMemory.Refuse(d.now.name, "it hung")
	}
}

// decoderProven is called for a decoder's first picture.
func (g *graph) decoderProven() {
	d := &g.decoding
	d.mu.Lock()
	name, why := d.now.name, g.whyDecoder()
	d.mu.Unlock()
	g.emit(pipeline.GraphEvent{Kind: pipeline.EventDecoder, Decoder: name, Text: why})
}

// whyDecoder is called with d.mu held.
func (g *graph) whyDecoder() string {
	d := &g.decoding
	kind := "software"
	if d.now.hardware() {
		kind = "hardware (" + d.now.device.name + ")"
	}
	switch {
	case len(d.refused) > 0:
		return kind + "; refused: " + strings.Join(d.refused, "; ")
	case g.settings.Decode != pipeline.DecodeAuto:
		return kind + ", as configured"
	case d.now.hardware():
		return kind + ", tried with a picture"
	}
	return kind + ", because no hardware that decodes " + d.codec.name + " is here"
}

// noDecoder says why there is none, and what to do.
func (g *graph) noDecoder() error {
	d := &g.decoding
	if len(d.refused) > 0 {
		return fmt.Errorf("no decoder for %s works with this stream: %s%s", d.codec.name, strings.Join(d.refused, "; "), g.otherMode())
	}
	return g.notInstalled(d.codec)
}

func (g *graph) otherMode() string {
	if g.settings.Decode == pipeline.DecodeHardware {
		return "; decode.mode auto would go on with software"
	}
	return ""
}
