package processortest

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

// fake keeps the contract until a test makes it break one promise.
type fake struct {
	traits  func() frame.Traits
	process func(ctx context.Context, batch []frame.Entry) error
	stop    func() error
}

func (f *fake) Start(context.Context) error { return nil }
func (f *fake) Traits() frame.Traits        { return f.traits() }
func (f *fake) Stop() error                 { return f.stop() }
func (f *fake) Process(ctx context.Context, batch []frame.Entry) error {
	return f.process(ctx, batch)
}

func good() *fake {
	return &fake{
		traits: func() frame.Traits { return frame.Traits{} },
		stop:   func() error { return nil },
		process: func(_ context.Context, batch []frame.Entry) error {
			for i := range batch {
				batch[i].Output.Detections = []frame.Detection{found(batch[i].Frame)}
			}
			return nil
		},
	}
}

func found(f *frame.Frame) frame.Detection {
	return frame.Detection{Confidence: float32(f.Planes[0].Data[0]) / 255, Box: frame.Box{XMax: .5, YMax: .5}}
}

func TestAGoodProcessorPasses(t *testing.T) {
	Run(t, func() (Processor, error) { return good(), nil })
}

func TestDeclaredSizesAreKept(t *testing.T) {
	seen := map[int]bool{}
	Run(t, func() (Processor, error) {
		p := good()
		p.traits = func() frame.Traits { return frame.Traits{BatchSizes: []int{2, 4, 16}} }
		process := p.process
		p.process = func(ctx context.Context, batch []frame.Entry) error {
			seen[len(batch)] = true
			return process(ctx, batch)
		}
		return p, nil
	})
	if len(seen) != 3 || !seen[2] || !seen[4] || !seen[16] {
		t.Errorf("batch sizes seen: %v, want 2, 4 and 16", seen)
	}
}

// breach makes a good processor break one promise in Process.
func breach(each func(*frame.Entry)) func(*fake) {
	return func(f *fake) {
		process := f.process
		f.process = func(ctx context.Context, batch []frame.Entry) error {
			err := process(ctx, batch)
			for i := range batch {
				each(&batch[i])
			}
			return err
		}
	}
}

func box(xMin, yMin, xMax, yMax float32) func(*fake) {
	return breach(func(e *frame.Entry) {
		e.Output.Detections = []frame.Detection{{Box: frame.Box{XMin: xMin, YMin: yMin, XMax: xMax, YMax: yMax}}}
	})
}

func TestEveryBreachIsFound(t *testing.T) {
	nan := float32(math.NaN())
	calls, asked := 0, 0
	var shared [1]frame.Detection
	for name, c := range map[string]struct {
		breach func(*fake)
		want   string
	}{
		"retains":            {breach(func(e *frame.Entry) { e.Frame.Retain() }), "references"},
		"writes pictures":    {breach(func(e *frame.Entry) { e.Frame.Planes[0].Data[0]++ }), "wrote into the picture"},
		"writes padding":     {breach(func(e *frame.Entry) { d := e.Frame.Planes[1].Data; d[len(d)-1]++ }), "wrote into the picture"},
		"replaces frames":    {breach(func(e *frame.Entry) { e.Frame = Frame(1, 1, frame.I420, Gray(0)) }), "Frame or View"},
		"changes views":      {breach(func(e *frame.Entry) { e.View.Epoch++ }), "Frame or View"},
		"confidence above 1": {breach(func(e *frame.Entry) { e.Output.Detections[0].Confidence = 1.5 }), "confidence"},
		"confidence NaN":     {breach(func(e *frame.Entry) { e.Output.Detections[0].Confidence = nan }), "confidence"},
		"class below -1":     {breach(func(e *frame.Entry) { e.Output.Detections[0].Class = -2 }), "class"},
		"box outside":        {box(-.1, 0, 1, 1), "box"},
		"box NaN":            {box(0, 0, nan, 1), "box"},
		"box empty":          {box(.5, .5, .5, 1), "box"},
		"not deterministic": {breach(func(e *frame.Entry) {
			calls++
			e.Output.Detections[0].Class = calls
		}), "two processors"},
		"reuses outputs": {breach(func(e *frame.Entry) {
			shared[0] = found(e.Frame)
			shared[0].Class = int(e.Frame.Seq)
			e.Output.Detections = shared[:]
		}), "an output changed"},
		"writes beyond the batch": {func(f *fake) {
			f.process = func(_ context.Context, batch []frame.Entry) error {
				if cap(batch) > len(batch) {
					batch[:cap(batch)][len(batch)].Err = errors.New("mine")
				}
				return nil
			}
		}, "of a batch of"},
		"panics": {breach(func(*frame.Entry) { panic("ouch") }), "panic: ouch"},
		"fails odd sizes": {breach(func(e *frame.Entry) {
			if e.Frame.Width%2 == 1 {
				panic("odd")
			}
		}), "panic: odd"},
		"fails to stop": {func(f *fake) { f.stop = func() error { return errors.New("stuck") } }, "stuck"},
		"an ended context breaks it": {func(f *fake) {
			broken := false
			f.process = func(ctx context.Context, _ []frame.Entry) error {
				if broken = broken || ctx.Err() != nil; broken {
					return context.Canceled
				}
				return nil
			}
		}, "canceled"},
		"sizes out of order": {func(f *fake) {
			f.traits = func() frame.Traits { return frame.Traits{BatchSizes: []int{4, 2}} }
		}, "ascending"},
		"traits change": {func(f *fake) {
			f.traits = func() frame.Traits { asked++; return frame.Traits{Stateful: asked > 1} }
		}, "before Start"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := func() (Processor, error) {
				f := good()
				c.breach(f)
				return f, nil
			}
			var all []string
			for _, k := range checks {
				if err := k.check(broken, Options{LargestWidth: 64}.orDefaults()); err != nil {
					all = append(all, err.Error())
				}
			}
			if got := strings.Join(all, "\n"); !strings.Contains(got, c.want) {
				t.Errorf("not found; the suite said %q, want something with %q", got, c.want)
			}
		})
	}
}

func TestStopFollowsStartOnly(t *testing.T) {
	stops := 0
	refuse := func() (Processor, error) { return &refusing{stops: &stops}, nil }
	if _, err := open(refuse); err == nil || !strings.Contains(err.Error(), "no licence") {
		t.Errorf("error %v, want the one of Start", err)
	}
	if stops != 0 {
		t.Error("Stop was called after a Start that failed")
	}
}

type refusing struct {
	Processor
	stops *int
}

func (r *refusing) Start(context.Context) error { return errors.New("no licence") }
func (r *refusing) Stop() error                 { *r.stops++; return nil }

func TestFrameLayouts(t *testing.T) {
	fill := func(x, y int) (byte, byte, byte) { return byte(10*y + x), byte(50 + x), byte(90 + y) }
	i420, nv12 := Frame(5, 3, frame.I420, fill), Frame(5, 3, frame.NV12, fill)
	if i420.Planes[0].Stride <= 5 || nv12.Planes[1].Stride <= 6 {
		t.Error("strides are not larger than rows")
	}
	if got := i420.Planes[0].Data[2*i420.Planes[0].Stride+4]; got != 24 {
		t.Errorf("luma at 4,2 is %d, want 24", got)
	}
	u, v := i420.Planes[1], i420.Planes[2]
	uv := nv12.Planes[1]
	for cy := range 2 {
		for cx := range 3 {
			wantU, wantV := byte(50+2*cx), byte(90+2*cy)
			if u.Data[cy*u.Stride+cx] != wantU || v.Data[cy*v.Stride+cx] != wantV {
				t.Errorf("I420 chroma at %d,%d is wrong", cx, cy)
			}
			if uv.Data[cy*uv.Stride+2*cx] != wantU || uv.Data[cy*uv.Stride+2*cx+1] != wantV {
				t.Errorf("NV12 chroma at %d,%d is wrong", cx, cy)
			}
		}
	}
	if i420.Refs() != 1 {
		t.Errorf("%d references, want the caller's one", i420.Refs())
	}
}
