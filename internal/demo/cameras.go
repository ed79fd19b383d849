package demo

import (
	"context"
	"fmt"
	"sync/atomic"
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
	sent  atomic.Uint64 // pictures
	// small: pictures have half the width and height from the next one on.
	small   atomic.Bool
	onError func(error)
}

// failed says that something that the demo does to the camera did not succeed.
func (c *camera) failed(err error) {
	if err != nil {
		c.onError(fmt.Errorf("%s: %w", c.id, err))
	}
}

// startCamera starts camera n. Close it with rtsp.Close.
func startCamera(n int, o scene.Options, onError func(error)) (*camera, error) {
	s, err := scene.New(o)
	if err != nil {
		return nil, err
	}
	c := &camera{id: frame.FeedID(fmt.Sprintf("cam%d", n+1)), scene: s, start: time.Now(), onError: onError}
	c.rtsp = rtspcam.New(rtspcam.Video(rtspcam.H264, c.run), rtspcam.Options{OnError: onError})
	if err := c.rtsp.Start(); err != nil {
		return nil, err
	}
	return c, nil
}

// run draws each frame when it is due, and sends what the encoder makes of it.
func (c *camera) run(ctx context.Context, send func(frame.Packet)) error {
	small := false
	encoder, err := c.newEncoder(small, send)
	if err != nil {
		return err
	}
	defer func() { encoder.Close() }()
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
		if now := c.small.Load(); now != small {
			encoder.Close()
			small = now
			if encoder, err = c.newEncoder(small, send); err != nil {
				return err
			}
		}
		c.scene.Render(n, planes)
		picture := planes
		if small {
			o := c.scene.Options()
			picture = halved(planes, o.Width, o.Height)
		}
		if err := encoder.Encode(picture, at); err != nil {
			return err
		}
	}
}

func (c *camera) newEncoder(small bool, send func(frame.Packet)) (*gstgraph.Encoder, error) {
	o := c.scene.Options()
	settings := gstgraph.EncoderSettings{Width: o.Width, Height: o.Height, FPS: float64(o.FPS), KeyInterval: time.Second}
	if small {
		settings.Width, settings.Height = o.Width/2, o.Height/2
	}
	return gstgraph.NewEncoder(settings, func(p frame.Packet) {
		p.Captured = c.start.Add(p.PTS)
		c.sent.Add(1)
		send(p)
	})
}

// halved has every second sample of every second row of an I420 picture.
func halved(planes [3]frame.Plane, width, height int) (half [3]frame.Plane) {
	for i, p := range planes {
		w, h := width/2, height/2
		if i > 0 {
			w, h = w/2, h/2
		}
		half[i] = frame.Plane{Data: make([]byte, w*h), Stride: w}
		for y := range h {
			for x := range w {
				half[i].Data[y*w+x] = p.Data[2*y*p.Stride+2*x]
			}
		}
	}
	return half
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
