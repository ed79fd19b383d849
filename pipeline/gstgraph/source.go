package gstgraph

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/nvpipe/nvpipe/pipeline"

	"github.com/go-gst/go-gst/gst"
)

func (g *graph) buildSource() error {
	switch g.source.Kind() {
	case pipeline.SourceRTSP:
		return unsupported(g.buildRTSP(g.source.RTSP))
	case pipeline.SourceFilm:
		return g.buildFilm(g.source.Film)
	case pipeline.SourceTest:
		return unsupported(g.buildTest(g.source.Test))
	}
	return unsupported(errors.New("the source names nothing, or more than one thing"))
}

// unsupported is an error's reason where it has none of its own.
func unsupported(err error) error {
	if _, has := errors.AsType[*pipeline.Error](err); err == nil || has {
		return err
	}
	return &pipeline.Error{Reason: pipeline.ReasonUnsupported, Err: err}
}

// buildRTSP makes a camera's source; the rest follows when its media are known.
func (g *graph) buildRTSP(r pipeline.RTSP) error {
	p := props{
		"location":           verbatim(r.URL),
		"protocols":          protocols(r.Transport),
		"latency":            r.Latency.Milliseconds(),
		"tcp-timeout":        g.settings.ConnectLimit.Microseconds(),
		"timeout":            (5 * time.Second).Microseconds(),
		"teardown-timeout":   100 * time.Millisecond,
		"do-rtsp-keep-alive": true,
		// The jitter buffer makes the stream's time steady also where the camera's
		// jumps; without one (none) such times reach us as they are. What is late
		// comes late, and is dropped where that is counted.
		"buffer-mode":                  "auto",
		"drop-on-latency":              false,
		"add-reference-timestamp-meta": true,
		"user-agent":                   verbatim("nvpipe"),
	}
	if r.User != "" {
		p["user-id"] = verbatim(r.User)
		p["user-pw"] = verbatim(r.Password.Reveal())
	}
	src, err := g.makeRTSP(p)
	if err != nil {
		return err
	}
	C.nv_source_rtsp(g.c, pointer(src))
	return trust(src, r)
}

// makeRTSP makes an rtspsrc whose answers this graph hears of: what listens to
// them is made within, and finds the graph by its thread.
func (g *graph) makeRTSP(p props) (*gst.Element, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	C.nv_witness_of(g.c)
	defer C.nv_witness_of(nil)
	return g.elements.make(g.in, "rtspsrc", p)
}

// protocols is rtspsrc's flags: auto is UDP first, then TCP.
func protocols(transport string) string {
	switch transport {
	case pipeline.TransportUDP:
		return "udp"
	case pipeline.TransportAuto:
		return "tcp+udp"
	}
	return "tcp"
}

// buildTest makes a generated picture; its source's pad stands for the decoder's.
func (g *graph) buildTest(t pipeline.Test) error {
	caps := fmt.Sprintf("video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1000", t.Width, t.Height, int(t.FPS*1000))
	chain, err := g.elements.chain(g.in,
		step{"videotestsrc", props{"is-live": true, "pattern": t.Pattern}},
		step{"capsfilter", props{"caps": caps}})
	if err != nil {
		return err
	}
	if err := link(chain[1], g.convert); err != nil {
		return err
	}
	return g.watchDecoder(chain[1])
}

func (g *graph) watchDecoder(decoder *gst.Element) error {
	if C.nv_input_decoder(g.c, pointer(decoder), pointer(g.convert)) == 0 {
		return errors.New("a second decoder in one graph")
	}
	return nil
}

// offerState is what the source has offered so far; several streaming threads
// may add to it.
type offerState struct {
	mu sync.Mutex
	offer
	attached bool // a pad has got its decoder
}

// attach reports whether the source's new pad is the first.
func (o *offerState) attach() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	first := !o.attached
	o.attached = true
	return first
}

// describedAnew: rtspsrc begins again, with TCP after UDP.
func (o *offerState) describedAnew() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.offer = offer{}
}

func (g *graph) offered() offer {
	g.offers.mu.Lock()
	defer g.offers.mu.Unlock()
	o := g.offers.offer
	o.transport = g.source.RTSP.Transport
	o.playing = C.nv_input_counts(g.c).packets > 0
	return o
}

// selectStream is asked for every media of a camera: only the first video that
// we can decode is set up. clock is how many ticks of the media's time are a
// second, 0 if it does not say.
func (g *graph) selectStream(media, encoding string, clock int) bool {
	if media != "video" {
		return false
	}
	if clock <= 0 {
		// GStreamer divides by it.
		g.fail(&pipeline.Error{Reason: pipeline.ReasonUnsupported,
			Err: fmt.Errorf("the camera's description gives its video a clock of %d Hz", clock)})
		return false
	}
	_, known := codecs[encoding]
	return g.noteVideo(encoding, known)
}

// noteVideo reports whether this video is the one to take.
func (g *graph) noteVideo(codec string, known bool) bool {
	o := &g.offers
	o.mu.Lock()
	defer o.mu.Unlock()
	first := !o.taken
	if !o.video {
		o.video, o.codec = true, codec
	}
	o.taken = o.taken || known
	return known && first
}

// media is called for every pad that a source grows.
func (g *graph) media(pad unsafe.Pointer, media, encoding string) {
	rtp := g.source.Kind() == pipeline.SourceRTSP
	if !rtp {
		if !strings.HasPrefix(media, "video/") && !strings.HasPrefix(media, "image/") {
			return
		}
		if _, known := codecs[encoding]; !g.noteVideo(encoding, known) {
			return
		}
	}
	c, known := codecs[encoding]
	if !known {
		return
	}
	if !g.offers.attach() {
		// Packets of another synchronisation source have a pad of their own. Left
		// without a peer it would end the whole source.
		if err := g.discard(pad); err != nil {
			g.fail(&pipeline.Error{Reason: pipeline.ReasonLost, Err: err})
		}
		g.emit(pipeline.GraphEvent{Kind: pipeline.EventNotice, Text: "the camera sends another stream on the same connection; it is left out"})
		return
	}
	if err := g.attach(pad, c, rtp); err != nil {
		g.fail(&pipeline.Error{Reason: pipeline.ReasonUnsupported, Err: err})
	}
}

// discard takes what comes out of a pad and drops it.
func (g *graph) discard(pad unsafe.Pointer) error {
	sink, err := g.elements.make(g.in, "fakesink", discardProps())
	if err != nil {
		return err
	}
	if !sink.SyncStateWithParent() || C.nv_source_link(pad, pointer(sink)) == 0 {
		return errors.New("the camera sends a second stream that cannot be left out")
	}
	return nil
}

// noMorePads: a film has shown all it has.
func (g *graph) noMorePads() {
	if o := g.offered(); !o.taken {
		g.fail(noFilmVideo(o))
	}
}

func noFilmVideo(o offer) *pipeline.Error {
	if o.video {
		return unsupportedCodec(o.codec)
	}
	return &pipeline.Error{Reason: pipeline.ReasonNoVideo, Err: errors.New("the film has no video")}
}
