package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
	"github.com/nvpipe/nvpipe/pipeline"
)

// A viewer from before the first picture to after an outage, on one connection.
func TestAViewerStaysThroughAnOutage(t *testing.T) {
	camera := startClipCamera(t)
	a := startApp(t, fmt.Sprintf(`
version: 1
metrics: {listen: ""}
rtsp: {listen: "127.0.0.1:0", no_signal_after: 500ms}
processors: {motion: {type: motion}}
feeds:
  yard:
    url: %q
    processors: [motion]
    continuations: [{type: stream}]
`, camera.URL()), Options{})
	yard := func() FeedSnapshot { return a.Snapshot().Feeds[0] }
	await(t, "pictures", func() bool { return yard().Decoded > 20 })
	if s := yard().Stats; s.Packets != 0 || s.Pushed != 0 {
		t.Errorf("nobody watches, and %d frames were pushed, %d packets encoded", s.Pushed, s.Packets)
	}

	viewer := rtsptest.TCP(t, nil, a.StreamURL("yard")).MustPlay()
	for range 30 {
		viewer.Next()
	}
	await(t, "the camera's pictures encoded", func() bool { return yard().Stats.Packets > 10 })

	camera.Stop()
	await(t, "the outage", func() bool { return yard().Status.State == pipeline.BackingOff })
	encoded := yard().Stats.Packets
	viewer.Received()
	for range 2 { // "no signal", about once a second
		viewer.Next()
	}
	if now := yard().Stats.Packets; now != encoded {
		t.Errorf("%d packets came from a camera that is away", now-encoded)
	}

	if err := camera.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the camera's pictures again", func() bool { return yard().Stats.Packets > encoded+10 })
	viewer.Received()
	last := viewer.Next()
	for range 20 {
		next := viewer.Next()
		if int32(next.Timestamp-last.Timestamp) <= 0 {
			t.Fatalf("RTP time went from %d to %d", last.Timestamp, next.Timestamp)
		}
		last = next
	}
	viewer.Close()
	await(t, "nobody watching", func() bool { return yard().Viewers == 0 })
	quiet := func() bool {
		before := yard().Stats.Packets
		<-time.After(300 * time.Millisecond)
		return yard().Stats.Packets == before
	}
	await(t, "no encoding for nobody", quiet)
	stopApp(t, a)
	checkLedgers(t, a.Snapshot())
}
