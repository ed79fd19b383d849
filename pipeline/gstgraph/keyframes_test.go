package gstgraph

import (
	"sync/atomic"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/pipeline"
)

// Nothing but keyframes is decoded, and nothing is unaccounted for.
func TestKeyframesOnly(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]rtspcam.Source{
		"H.264":     looped(rtspcam.H264, encode(t, EncoderSettings{Width: 320, Height: 240, FPS: 25}, 12)),
		"H.265":     testclip.H265(),
		"reordered": testclip.Reordered(),
		"JPEG":      testclip.JPEG(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cam := camera(t, source, rtspcam.Options{})
			r := newRecorder()
			var suspect atomic.Bool
			r.onFrame = func(f *frame.Frame) {
				if f.Suspect {
					suspect.Store(true)
				}
				f.Release()
			}
			g := start(t, rtsp(cam.URL()), pipeline.GraphSettings{KeyframesOnly: true}, r)
			r.untilFrames(t, 4)
			c := balanced(t, g, r)
			t.Logf("%+v", c)
			if name == "JPEG" {
				if c.LeftOut != 0 {
					t.Errorf("%d of %d pictures, each a keyframe, were left out", c.LeftOut, c.Packets)
				}
				return
			}
			// One picture may still be in the decoder.
			if kept := c.Packets - c.LeftOut; c.LeftOut < c.Packets/2 || c.Decoded > kept || c.Decoded+2 < kept {
				t.Errorf("%d access units, %d left out, %d decoded", c.Packets, c.LeftOut, c.Decoded)
			}
			if suspect.Load() {
				t.Error("a keyframe is suspect")
			}
		})
	}
}
