package view

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/footage"
)

type film struct {
	name          string
	width, height int
	fps           float64
	seconds       float64
}

var films = []film{
	{"car-detection.mp4", 768, 432, 12.5, 30},
	{"one-by-one-person-detection.mp4", 768, 432, 10, 139},
	{"bottle-detection.mp4", 640, 360, 29.8, 39},
}

// watch lets an estimator see a film through an ffmpeg filter that leaves its
// size as it is, from a moment on, and returns what was seen.
func (f film) watch(t *testing.T, from time.Duration, filter string, limit time.Duration) *observer {
	t.Helper()
	path := footage.Path(t, f.name)
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("needs ffmpeg to decode footage")
	}
	cmd := exec.Command(ffmpeg, "-loglevel", "error", "-ss", fmt.Sprint(from.Seconds()), "-i", path,
		"-t", fmt.Sprint(limit.Seconds()), "-vf", filter, "-threads", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReaderSize(out, 1<<20)
	o := observer{Estimator: New()}
	data := make([]byte, f.width*f.height)
	n := 0
	for ; ; n++ {
		if _, err := io.ReadFull(r, data); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		o.see(time.Duration(float64(n)/f.fps*1e9), frame.Plane{Data: data, Stride: f.width}, f.width, f.height)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if want := limit.Seconds() * f.fps; float64(n) < .9*want-1 {
		t.Fatalf("%d frames of %s, want about %.0f", n, f.name, want)
	}
	return &o
}

func (f film) length() time.Duration { return time.Duration(f.seconds * 1e9) }

// Nothing that happens in front of these cameras is a change of view: cars,
// persons close by, hands that fill half of the picture, a camera that adapts.
func TestFilmsHaveOneView(t *testing.T) {
	for _, f := range films {
		t.Run(f.name, func(t *testing.T) {
			if o := f.watch(t, 0, "null", f.length()); len(o.changes) > 0 || o.moving > 0 {
				t.Errorf("the view changed: %v; said to move for %v", o.changes, o.moving)
			}
		})
	}
}

// The same films with a camera that is turned, or a lens that something happens
// to, 4 s after a start at two moments.
func TestTamperingInFilms(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes films many times")
	}
	const at = 4 * time.Second
	window := func(x, y string) string { // of 90 %, moving
		return fmt.Sprintf("crop=w=iw*0.9:h=ih*0.9:x='%s':y='%s',scale=WxH", x, y)
	}
	for name, c := range map[string]struct {
		filter string
		within time.Duration
		lens   frame.Lens
	}{
		"panned at once":    {window("if(lt(t,4),0,0.045*iw)", "0.05*ih"), time.Second, frame.LensClear},
		"panned the other":  {window("if(lt(t,4),0.1*iw,0.055*iw)", "0.05*ih"), time.Second, frame.LensClear},
		"panned in 0.5 s":   {window("clip((t-4)/0.5,0,1)*0.045*iw", "0.05*ih"), 1500 * time.Millisecond, frame.LensClear},
		"tilted":            {window("0.05*iw", "if(lt(t,4),0.02*ih,0.09*ih)"), time.Second, frame.LensClear},
		"black cloth":       {"drawbox=c=black@0.97:t=fill:enable='gte(t,4)'", 5 * time.Second, frame.LensCovered},
		"out of focus":      {"gblur=sigma=60:enable='gte(t,4)'", 5 * time.Second, frame.LensCovered},
		"blinded":           {"drawbox=c=white@0.95:t=fill:enable='gte(t,4)'", 5 * time.Second, frame.LensBlinded},
		"noise in the dark": {"drawbox=c=black@0.97:t=fill:enable='gte(t,4)',noise=alls=12:allf=t:enable='gte(t,4)'", 5 * time.Second, frame.LensCovered},
	} {
		t.Run(name, func(t *testing.T) {
			var slowest time.Duration
			for _, f := range films {
				for _, from := range []time.Duration{time.Second, 19 * time.Second} {
					filter := strings.ReplaceAll(c.filter, "WxH", fmt.Sprintf("%d:%d", f.width, f.height))
					got := f.watch(t, from, filter, 10*time.Second).changes
					if len(got) == 0 || len(got) > 1 && c.lens == frame.LensClear || got[0].state.Lens != c.lens ||
						got[0].at < at || got[0].at > at+c.within {
						t.Errorf("%s from %v: changes %v, want one within %v of %v", f.name, from, got, c.within, at)
					} else {
						slowest = max(slowest, got[0].at-at)
					}
				}
			}
			t.Logf("found after %v at most", slowest.Round(10*time.Millisecond))
		})
	}
}
