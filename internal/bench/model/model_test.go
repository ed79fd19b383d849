package model

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/bench/batch"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/config/builtin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

// fake costs 12 ms, and 4 ms for each entry, for one thread; half for two.
type fake struct {
	threads        int
	sizes          []int
	start, process error
	running        int
}

func (f *fake) Start(context.Context) error {
	if f.start == nil {
		f.running++
	}
	return f.start
}

func (f *fake) Stop() error {
	f.running--
	return nil
}

func (f *fake) Traits() frame.Traits { return frame.Traits{BatchSizes: f.sizes} }

func (f *fake) Process(_ context.Context, batch []frame.Entry) error {
	for _, e := range batch {
		if e.Frame.Planes[1].Data[0] != 128 || e.Output.Detections != nil {
			return errors.New("no fresh picture")
		}
	}
	time.Sleep((12*ms + time.Duration(len(batch))*4*ms) / time.Duration(f.threads))
	batch[0].Output.Detections = make([]frame.Detection, 1)
	batch[len(batch)-1].Err = f.process
	return nil
}

func measured(t *testing.T, g Grid, edit func(made int, f *fake)) (points []Point, made []*fake, err error) {
	synctest.Test(t, func(t *testing.T) {
		points, err = Measure(t.Context(), g, func(threads, largest int) (Processor, error) {
			if want := slices.Max(g.Sizes); largest != want {
				t.Errorf("made for %d entries, want %d", largest, want)
			}
			f := &fake{threads: threads}
			made = append(made, f)
			if edit != nil {
				edit(len(made), f)
			}
			return f, nil
		}, func(Point) {})
	})
	for i, f := range made {
		if f.running != 0 {
			t.Errorf("processor %d: started and not stopped %d times", i, f.running)
		}
	}
	return points, made, err
}

func TestMeasure(t *testing.T) {
	g := Grid{Sizes: []int{1, 2, 8}, Threads: []int{1, 2}, Instances: []int{1, 2}, CPUs: 2, Each: 300 * ms}
	points, _, err := measured(t, g, nil)
	want := []Point{
		{Setting{1, 1, 1}, 16 * ms, 1 / .016}, {Setting{1, 1, 2}, 20 * ms, 2 / .02}, {Setting{1, 1, 8}, 44 * ms, 8 / .044},
		{Setting{1, 2, 1}, 16 * ms, 2 / .016}, {Setting{1, 2, 2}, 20 * ms, 4 / .02}, {Setting{1, 2, 8}, 44 * ms, 16 / .044},
		{Setting{2, 1, 1}, 8 * ms, 1 / .008}, {Setting{2, 1, 2}, 10 * ms, 2 / .01}, {Setting{2, 1, 8}, 22 * ms, 8 / .022},
	}
	near := func(a, b Point) bool {
		return a.Setting == b.Setting && a.Call == b.Call && a.FPS/b.FPS > .999 && a.FPS/b.FPS < 1.001
	}
	if err != nil || !slices.EqualFunc(points, want, near) {
		t.Errorf("%v, %v\nwant %v", points, err, want)
	}
	if cost := Fit(points, Setting{Threads: 1, Instances: 2}); cost != (batch.Cost{Base: 12 * ms, Each: 4 * ms}) {
		t.Errorf("fitted %v", cost)
	}
}

// The sizes a model is fixed at are measured, wanted or not.
func TestMeasureKeepsToTheSizesThatThereAre(t *testing.T) {
	for _, c := range []struct{ takes, want []int }{{nil, []int{1, 2, 4}}, {[]int{2, 3}, []int{2}}, {[]int{9}, []int{9}}} {
		g := Grid{Sizes: []int{1, 2, 4}, Threads: []int{1}, Instances: []int{1}, Each: 1}
		points, _, err := measured(t, g, func(_ int, f *fake) { f.sizes = c.takes })
		var got []int
		for _, p := range points {
			got = append(got, p.Size)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("takes %v: measured %v, %v; want %v", c.takes, got, err, c.want)
		}
	}
}

func TestMeasureFailsWithItsProcessor(t *testing.T) {
	broken := errors.New("broken")
	g := Grid{Sizes: []int{1, 2}, Threads: []int{1}, Instances: []int{3}, Each: 1}
	for name, edit := range map[string]func(int, *fake){
		"start": func(made int, f *fake) {
			if made == 2 {
				f.start = broken
			}
		},
		"entry": func(made int, f *fake) {
			if made == 3 {
				f.process = broken
			}
		},
	} {
		if _, made, err := measured(t, g, edit); !errors.Is(err, broken) || len(made) != 3 {
			t.Errorf("%s: %d made, %v", name, len(made), err)
		}
	}
	made := 0
	_, err := Measure(t.Context(), g, func(int, int) (Processor, error) {
		if made++; made == 2 {
			return nil, broken
		}
		return &fake{}, nil
	}, func(Point) {})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestMeasureEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		g := Grid{Sizes: []int{1}, Threads: []int{1}, Instances: []int{2}, Each: time.Hour}
		_, err := Measure(ctx, g, func(int, int) (Processor, error) { return &fake{threads: 1}, nil }, func(Point) {})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestDefaultGrid(t *testing.T) {
	for cpus, want := range map[int]string{
		1: "[{1 1 0}]",
		2: "[{1 1 0} {1 2 0} {2 1 0}]",
		6: "[{1 1 0} {1 2 0} {1 4 0} {2 1 0} {2 2 0} {4 1 0} {6 1 0}]",
	} {
		g := DefaultGrid(cpus)
		if got := fmt.Sprint(g.pairs()); got != want {
			t.Errorf("%d CPUs: %s, want %s", cpus, got, want)
		}
		if len(g.Sizes) != 16 || g.Sizes[0] != 1 || g.Sizes[15] != 16 {
			t.Errorf("sizes %v", g.Sizes)
		}
	}
}

func TestRecommend(t *testing.T) {
	for name, c := range map[string]struct {
		points []Point
		want   Setting
	}{
		"the fastest":                   {[]Point{{Setting{1, 1, 1}, 10 * ms, 100}, {Setting{1, 1, 8}, 20 * ms, 400}}, Setting{1, 1, 8}},
		"the shorter call of as good":   {[]Point{{Setting{1, 1, 8}, 80 * ms, 100}, {Setting{1, 1, 1}, 10 * ms, 98}}, Setting{1, 1, 1}},
		"not of what is worse":          {[]Point{{Setting{1, 1, 8}, 80 * ms, 100}, {Setting{1, 1, 1}, 10 * ms, 97}}, Setting{1, 1, 8}},
		"the fewer instances of equals": {[]Point{{Setting{1, 2, 1}, 10 * ms, 100}, {Setting{2, 1, 1}, 10 * ms, 100}}, Setting{2, 1, 1}},
	} {
		if got := Recommend(c.points).Setting; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestFitStaysAboveZero(t *testing.T) {
	at := func(n int, d time.Duration) Point { return Point{Setting{1, 1, n}, d, 1} }
	like := Setting{Threads: 1, Instances: 1}
	for name, c := range map[string]struct {
		points []Point
		want   batch.Cost
	}{
		"none":     {nil, batch.Cost{}},
		"one":      {[]Point{at(4, 8*ms)}, batch.Cost{Base: 8 * ms}},
		"flat":     {[]Point{at(1, 8*ms), at(4, 8*ms)}, batch.Cost{Base: 8 * ms}},
		"falling":  {[]Point{at(1, 9*ms), at(4, 7*ms)}, batch.Cost{Base: 8 * ms}},
		"steep":    {[]Point{at(1, ms), at(2, 4*ms)}, batch.Cost{Each: 1800 * time.Microsecond}},
		"straight": {[]Point{at(1, 5*ms), at(4, 8*ms)}, batch.Cost{Base: 4 * ms, Each: ms}},
	} {
		if got := Fit(c.points, like); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What is recommended is pasted into a config, which check accepts and reads as
// it was meant.
func TestYAMLIsAccepted(t *testing.T) {
	dir := t.TempDir()
	m := Model{Path: filepath.Join(dir, "it's a ${MODEL}: #1.onnx"), Labels: filepath.Join(dir, "labels.txt")}
	for _, file := range []string{m.Path, m.Labels} {
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := Point{Setting{3, 2, 6}, 47 * ms, 250}
	path := filepath.Join(dir, "c.yaml")
	text := "version: 1\n" + YAML(m, p) + "feeds:\n  a: {source: {test: {pattern: ball}}, processors: [objects]}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := config.Options{Processors: builtin.Processors()}
	if r := config.Check(path, o); !r.OK {
		t.Fatalf("%v in\n%s", r.Mistakes, text)
	}
	cfg, err := config.Load(path, o)
	if err != nil {
		t.Fatal(err)
	}
	b := cfg.Processors[0].Batch
	if b.MaxBatchSize != 6 || b.Instances != 2 || b.TargetLatency != 100*ms {
		t.Errorf("%+v", b)
	}
}
