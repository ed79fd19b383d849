package app

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/internal/scene"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// Every codec that cameras send comes through to results, by the camera's word.
func TestCodecsOfCameras(t *testing.T) {
	sources := map[string]rtspcam.Source{
		"h264": testclip.Small(),
		"h265": testclip.H265(),
		"jpeg": rtspcam.Video(rtspcam.JPEG, jpegPictures),
	}
	feeds := ""
	for name, source := range sources {
		camera := rtspcam.New(source, rtspcam.Options{OnError: func(err error) { t.Error(err) }})
		if err := camera.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(camera.Close)
		feeds += fmt.Sprintf("  %s: {url: %q}\n", name, camera.URL())
	}
	a := startApp(t, `
version: 1
metrics: {listen: ""}
rtsp: {listen: "127.0.0.1:0"}
processors: {motion: {type: motion}}
defaults: {processors: [motion]}
feeds:
`+feeds, Options{})
	await(t, "results of every codec", func() bool {
		for _, f := range a.Snapshot().Feeds {
			if f.Processors[0].Ledger[frame.Delivered] < 10 {
				return false
			}
		}
		return true
	})
	for _, f := range a.Snapshot().Feeds {
		t.Logf("%s: %s, %d×%d", f.ID, f.Status.Decoder, f.Status.Width, f.Status.Height)
	}
	stopApp(t, a)
	checkLedgers(t, a.Snapshot())
}

// jpegPictures is a camera that sends each picture by itself.
func jpegPictures(ctx context.Context, send func(frame.Packet)) error {
	s, err := scene.New(scene.Demo(0))
	if err != nil {
		return err
	}
	o, start := s.Options(), time.Now()
	encoder, err := gstgraph.NewEncoder(gstgraph.EncoderSettings{
		Width: o.Width, Height: o.Height, FPS: float64(o.FPS), Codec: "JPEG",
	}, func(p frame.Packet) {
		p.Captured = start.Add(p.PTS)
		send(p)
	})
	if err != nil {
		return err
	}
	defer encoder.Close()
	ticker := time.NewTicker(s.Time(1))
	defer ticker.Stop()
	planes := s.NewPlanes()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		s.Render(n, planes)
		if err := encoder.Encode(planes, s.Time(n)); err != nil {
			return err
		}
	}
}
