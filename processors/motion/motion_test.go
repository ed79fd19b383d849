package motion

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/scene"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

func TestContract(t *testing.T) {
	// A dark block moves over noise, so that there is something to find.
	picture := func(n int) processortest.Fill {
		noise := processortest.Noise(uint64(n))
		return func(x, y int) (byte, byte, byte) {
			luma, u, v := noise(x, y)
			luma = 110 + luma%8
			if n >= 2 && x > 10*n && x < 10*n+30 && y > 20 && y < 50 {
				luma = 30
			}
			return luma, u, v
		}
	}
	config := DefaultConfig()
	config.Learning = 200 * time.Millisecond
	processortest.RunOptions(t, func() (processortest.Processor, error) { return New(config) },
		processortest.Options{Picture: picture})
}

// watcher shows frames of a scene to a processor of its own.
type watcher struct {
	t      testing.TB
	p      *Processor
	width  int
	height int
}

func watch(t testing.TB, config Config) *watcher {
	t.Helper()
	p, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &watcher{t: t, p: p, width: 640, height: 360}
}

func (w *watcher) show(planes [3]frame.Plane, pts time.Duration, change ...func(*frame.Entry)) []frame.Detection {
	w.t.Helper()
	f := &frame.Frame{Feed: "yard", Format: frame.I420, Width: w.width, Height: w.height, Planes: planes, PTS: pts}
	f.Init(nil)
	batch := []frame.Entry{{Frame: f}}
	for _, c := range change {
		c(&batch[0])
	}
	if err := w.p.Process(context.Background(), batch); err != nil {
		w.t.Fatal(err)
	}
	if batch[0].Err != nil {
		w.t.Fatal(batch[0].Err)
	}
	return batch[0].Output.Detections
}

func newScenery(t testing.TB, o scene.Options) (*scene.Scene, [3]frame.Plane) {
	t.Helper()
	s, err := scene.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, s.NewPlanes()
}

func TestUnreadablePicturesFailAlone(t *testing.T) {
	p, err := New(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	good := func() *frame.Frame {
		return processortest.Frame(64, 48, frame.NV12, processortest.Gray(100))
	}
	for name, c := range map[string]struct {
		spoil func(*frame.Frame)
		want  string
	}{
		"no format":    {func(f *frame.Frame) { f.Format = frame.FormatUnknown }, "I420 or NV12"},
		"no size":      {func(f *frame.Frame) { f.Width = 0 }, "no picture"},
		"short plane":  {func(f *frame.Frame) { f.Planes[0].Data = f.Planes[0].Data[:100] }, "too small"},
		"short stride": {func(f *frame.Frame) { f.Planes[0].Stride = 63 }, "stride 63"},
	} {
		bad := good()
		c.spoil(bad)
		batch := []frame.Entry{{Frame: good()}, {Frame: bad}, {Frame: good()}}
		if err := p.Process(context.Background(), batch); err != nil {
			t.Fatalf("%s: the whole batch failed: %v", name, err)
		}
		if batch[1].Err == nil || !strings.Contains(batch[1].Err.Error(), c.want) {
			t.Errorf("%s: error %v, want something with %q", name, batch[1].Err, c.want)
		}
		if batch[0].Err != nil || batch[2].Err != nil {
			t.Errorf("%s: the others failed too", name)
		}
	}
}

func TestFeedsAreForgotten(t *testing.T) {
	config := DefaultConfig()
	config.MaxFeeds = 3
	p, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	send := func(feed string, at time.Duration) {
		f := processortest.Frame(64, 48, frame.I420, processortest.Gray(100))
		f.Feed, f.Arrived = frame.FeedID(feed), start.Add(at)
		if err := p.Process(context.Background(), []frame.Entry{{Frame: f}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		send(fmt.Sprintf("cam-%d", i), time.Duration(i)*time.Second)
	}
	if len(p.feeds) != 3 || p.feeds["cam-9"] == nil || p.feeds["cam-7"] == nil {
		t.Errorf("remembered after 10 feeds: %d, want the newest 3", len(p.feeds))
	}
	send("cam-9", 9*time.Second+config.Forget)
	if len(p.feeds) != 1 {
		t.Errorf("remembered after a pause of Forget: %d, want the one that goes on", len(p.feeds))
	}
	if err := p.Stop(); err != nil || len(p.feeds) != 0 {
		t.Errorf("after Stop %d feeds are remembered, error %v", len(p.feeds), err)
	}
}

// One feed's frames must not be compared with another's ground.
func TestFeedsAreApart(t *testing.T) {
	w := watch(t, DefaultConfig())
	a, planesA := newScenery(t, scene.Options{Width: 640, Height: 360, FPS: 15, Seed: 1, Noise: 2})
	b, planesB := newScenery(t, scene.Options{Width: 640, Height: 360, FPS: 15, Seed: 2, Noise: 2})
	for n := range 60 {
		a.Render(n, planesA)
		b.Render(n, planesB)
		got := w.show(planesA, a.Time(n))
		got = append(got, w.show(planesB, b.Time(n), func(e *frame.Entry) { e.Frame.Feed = "gate" })...)
		if len(got) > 0 {
			t.Fatalf("frame %d: found %v in empty scenes", n, got)
		}
	}
}

// After the view has changed nothing may be found until the new one is
// learned; and something must be found then.
func TestANewViewIsLearnedAfresh(t *testing.T) {
	turn := map[string]func(e *frame.Entry){
		"epoch":  func(e *frame.Entry) { e.View.Epoch = 1 },
		"moving": func(e *frame.Entry) { e.View.Moving = e.Frame.PTS < 11*time.Second },
		"range":  func(e *frame.Entry) { e.Frame.FullRange = true },
	}
	for name, change := range turn {
		t.Run(name, func(t *testing.T) {
			w := watch(t, DefaultConfig())
			before, planes := newScenery(t, scene.Demo(0))
			after, _ := newScenery(t, scene.Demo(1))
			for n := range 150 {
				before.Render(n, planes)
				w.show(planes, before.Time(n))
			}
			found := 0
			for n := 150; n < 240; n++ {
				after.Render(n, planes)
				got := len(w.show(planes, after.Time(n), change))
				if n < 150+25 && got > 0 {
					t.Fatalf("frame %d: %d boxes while the new view is learned", n, got)
				}
				found += got
			}
			if found == 0 {
				t.Error("nothing was found in the new view")
			}
		})
	}
}

func TestSuspectFramesAreLeftOut(t *testing.T) {
	w := watch(t, DefaultConfig())
	s, planes := newScenery(t, scene.Options{Width: 640, Height: 360, FPS: 15, Seed: 4, Noise: 2})
	broken := s.NewPlanes()
	for i := range broken[0].Data {
		broken[0].Data[i] = byte(i / 640 * 7)
	}
	for n := range 90 {
		s.Render(n, planes)
		if n%5 == 4 {
			if got := w.show(broken, s.Time(n), func(e *frame.Entry) { e.Frame.Suspect = true }); len(got) > 0 {
				t.Fatalf("frame %d: %d boxes in a broken picture", n, len(got))
			}
			continue
		}
		if got := w.show(planes, s.Time(n)); len(got) > 0 {
			t.Fatalf("frame %d: %v after a broken picture", n, got)
		}
	}
}

// The last cells of a picture may be a pixel wide: boxes must not end outside.
func TestBoxesEndWithThePicture(t *testing.T) {
	for _, width := range []int{640, 642, 644} {
		s, planes := newScenery(t, scene.Options{Width: width, Height: 362, FPS: 15, Seed: 9, Noise: 2})
		w := watch(t, DefaultConfig())
		w.width, w.height = width, 362
		seen := 0
		for n := range 120 {
			s.Render(n, planes)
			for y := 200; y < 362; y++ {
				for x := max(0, 3*n-60); x < min(width, 3*n); x++ {
					if n > 90 {
						planes[0].Data[y*width+min(x+380, width-1)] = 40
					}
				}
			}
			for _, d := range w.show(planes, s.Time(n)) {
				seen++
				b := d.Box
				if !(b.XMin >= 0 && b.XMin < b.XMax && b.XMax <= 1 && b.YMin >= 0 && b.YMin < b.YMax && b.YMax <= 1) {
					t.Fatalf("width %d, frame %d: box %v", width, n, b)
				}
			}
		}
		if seen == 0 {
			t.Errorf("width %d: nothing was found", width)
		}
	}
}

// Two entries of one feed in one batch, and times that do not advance.
func TestTheSameFrameTwice(t *testing.T) {
	w := watch(t, DefaultConfig())
	s, planes := newScenery(t, scene.Demo(0))
	for n := range 90 {
		s.Render(n, planes)
		once := w.show(planes, s.Time(n))
		again := w.show(planes, s.Time(n))
		if n > 45 && len(once) > 0 && len(again) == 0 {
			t.Fatalf("frame %d: %d boxes, shown again none", n, len(once))
		}
	}
	w.show(planes, 0)
	w.show(planes, time.Hour)
}

func BenchmarkProcess(b *testing.B) {
	for _, size := range [][2]int{{640, 360}, {1920, 1080}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			o := scene.Demo(0)
			o.Width, o.Height = size[0], size[1]
			s, _ := newScenery(b, o)
			w := watch(b, DefaultConfig())
			w.width, w.height = size[0], size[1]
			var pictures [45][3]frame.Plane
			for n := range pictures {
				pictures[n] = s.NewPlanes()
				s.Render(n, pictures[n])
			}
			for n := range 45 {
				w.show(pictures[n], s.Time(n))
			}
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; b.Loop(); n++ {
				w.show(pictures[n%45], s.Time(45+n))
			}
		})
	}
}
