package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/scene"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// camera is one synthetic camera: a scene drawn and encoded as time goes on,
// served over RTSP on loopback. It remembers when frame 0 was taken, so that a
// capture time says which frame it was.
type camera struct {
	id    frame.FeedID
	scene *scene.Scene
	start time.Time
	rtsp  *rtspcam.Camera
}

// startCamera starts camera n. Close it with rtsp.Close.
func startCamera(n int, o scene.Options, onError func(error)) (*camera, error) {
	s, err := scene.New(o)
	if err != nil {
		return nil, err
	}
	c := &camera{id: frame.FeedID(fmt.Sprintf("cam%d", n+1)), scene: s, start: time.Now()}
	c.rtsp = rtspcam.New(rtspcam.Video(rtspcam.H264, c.run), rtspcam.Options{OnError: onError})
	if err := c.rtsp.Start(); err != nil {
		return nil, err
	}
	return c, nil
}

// run draws each frame when it is due, and sends what the encoder makes of it.
func (c *camera) run(ctx context.Context, send func(frame.Packet)) error {
	o := c.scene.Options()
	encoder, err := gstgraph.NewEncoder(gstgraph.EncoderSettings{
		Width: o.Width, Height: o.Height, FPS: float64(o.FPS), KeyInterval: time.Second,
	}, func(p frame.Packet) {
		p.Captured = c.start.Add(p.PTS)
		send(p)
	})
	if err != nil {
		return err
	}
	defer encoder.Close()
	planes := c.scene.NewPlanes()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		at := c.scene.Time(n)
		timer.Reset(time.Until(c.start.Add(at)))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		c.scene.Render(n, planes)
		if err := encoder.Encode(planes, at); err != nil {
			return err
		}
	}
}

// frameAt is the number of the frame that was taken at a time, and whether it
// is close enough to a frame's own time to be sure.
func (c *camera) frameAt(captured time.Time) (n int, sure bool) {
	interval := c.scene.Time(1)
	since := captured.Sub(c.start)
	n = int((since + interval/2) / interval)
	off := since - c.scene.Time(n)
	return n, n >= 0 && off.Abs() < interval/4
}
