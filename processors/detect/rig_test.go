package detect

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// smallPlan is a YOLOX detector of two classes for 32×32 pixels.
func smallPlan(t testing.TB, batch int64) *Plan {
	t.Helper()
	labels := filepath.Join(t.TempDir(), "labels.txt")
	if err := os.WriteFile(labels, []byte("a\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Family, cfg.Labels, cfg.Confidence = "yolox", labels, .001
	p, err := NewPlan(tensor.Model{
		Inputs:  []tensor.Value{value(tensor.Float32, batch, 3, 32, 32)},
		Outputs: []tensor.Value{value(tensor.Float32, batch, 21, 7)},
	}, "small.onnx", cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// meter is a runner whose one box has the picture's mean level / 255 as its
// confidence, and which notes on which trays it ran.
type meter struct {
	plan    *Plan
	outputs map[*Tray][]float32
	ran     []*Tray
	fail    error
	before  func()
}

func (m *meter) Run(_ context.Context, t *Tray, n int) ([]tensor.Tensor, error) {
	if m.before != nil {
		m.before()
	}
	if m.fail != nil {
		return nil, m.fail
	}
	m.ran = append(m.ran, t)
	out := m.outputs[t]
	if out == nil {
		out = make([]float32, t.Slots*21*7)
		m.outputs[t] = out
	}
	area := 3 * 32 * 32
	for i := range n {
		sum := 0.
		for _, v := range tensor.View[float32](t.Data)[i*area:][:area] {
			sum += float64(v)
		}
		row := out[i*21*7:]
		copy(row, []float32{1, 1, 0, 0, float32(sum / float64(area) / 255), 1, 0})
	}
	return []tensor.Tensor{{Type: tensor.Float32, Shape: m.plan.OutputShape(0, n), Data: tensor.Bytes(out[:n*21*7])}}, nil
}

// rig is a detector over a meter.
type rig struct {
	*Detector
	*meter
	t *testing.T
}

func newRig(t *testing.T, batch int64, most int, overlap bool) *rig {
	p := smallPlan(t, batch)
	m := &meter{plan: p, outputs: map[*Tray][]float32{}}
	d := NewDetector(NewIntake(p, most), m, Options{Threads: 2, Overlap: overlap})
	t.Cleanup(d.Close)
	return &rig{d, m, t}
}

func (r *rig) entry(level byte) frame.Entry {
	f := processortest.Frame(32, 32, frame.I420, processortest.Gray(level))
	f.FullRange = true
	return frame.Entry{Frame: f}
}

// prepared are entries of these levels, in order.
func (r *rig) prepared(levels ...byte) (batch []frame.Entry) {
	for _, l := range levels {
		e := r.entry(l)
		e.Prepared = r.intake.Prepare(&e)
		if e.Prepared == nil {
			r.t.Fatalf("no room for level %d", l)
		}
		batch = append(batch, e)
	}
	return batch
}

// process does as a coordinator does, but for finish, which comes later.
func (r *rig) process(batch []frame.Entry) (finish func()) {
	r.t.Helper()
	if err := r.Process(context.Background(), batch); err != nil {
		r.t.Fatal(err)
	}
	for i := range batch {
		if batch[i].Prepared != nil {
			batch[i].Prepared.Release()
		}
		if r.overlap != (batch[i].Finish != nil) {
			r.t.Fatalf("overlap is %v, Finish is %v", r.overlap, batch[i].Finish)
		}
		processortest.Poison(batch[i].Frame)
	}
	return func() {
		for i := range batch {
			if f := batch[i].Finish; f != nil {
				f.Finish(&batch[i])
			}
		}
	}
}

// says checks that each entry has the answer to its own picture.
func (r *rig) says(batch []frame.Entry, levels ...byte) {
	r.t.Helper()
	for i, e := range batch {
		if e.Err != nil || len(e.Output.Detections) != 1 {
			r.t.Fatalf("entry %d: %v, %v", i, e.Output.Detections, e.Err)
		}
		if got := e.Output.Detections[0].Confidence * 255; math.Abs(float64(got)-float64(levels[i])) > .01 {
			r.t.Errorf("entry %d has the answer for level %v, want %d", i, got, levels[i])
		}
	}
}

// idle checks that no slot is held.
func (r *rig) idle() {
	r.t.Helper()
	c := r.intake.cupboard
	for _, t := range append(c.ahead[:], c.own[:]...) {
		if t != nil && (t.held != 0 || t.taken || t.next != 0) {
			r.t.Errorf("a tray is in use: %d held, next %d, taken %v", t.held, t.next, t.taken)
		}
	}
}
