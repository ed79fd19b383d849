package gstgraph

// #include "shim.h"
import "C"

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nvpipe/nvpipe/pipeline"
)

// keepaliveEvery is below the shortest session limit seen in cameras that want
// to be asked for something and announce a longer one, or none; rtspsrc itself
// sends nothing while data flows over TCP (1.22; since 1.26.7 it does).
const keepaliveEvery = 15 * time.Second

// keeping is how often the camera is asked for nothing, so that it knows we are
// alive. The source's thread learns it, the watch goroutine asks.
type keeping struct {
	interval atomic.Int64
	playing  chan time.Duration // capacity 1
}

func newKeeping() keeping { return keeping{playing: make(chan time.Duration, 1)} }

// session notes the limit of the session that is set up.
func (k *keeping) session(timeout time.Duration) {
	k.interval.Store(int64(min(keepaliveEvery, timeout/2)))
}

// begin is called when the camera plays.
func (k *keeping) begin() {
	select {
	case k.playing <- time.Duration(k.interval.Load()):
	default:
	}
}

// keepalive asks the camera for nothing.
func (g *graph) keepalive() { C.nv_source_keepalive(g.c) }

// keepaliveRefused is called once, when the camera will not be asked again.
func (g *graph) keepaliveRefused(code int) {
	why := "does not offer GET_PARAMETER"
	if code >= 400 {
		why = fmt.Sprintf("refuses GET_PARAMETER (%d)", code)
	}
	g.emit(pipeline.GraphEvent{Kind: pipeline.EventNotice,
		Text: "the camera " + why + ", so there is no keep-alive; if it breaks the connection again and again, set rtsp.transport to udp"})
}
