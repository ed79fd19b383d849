package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/processors"
)

// things is what the made-up detector finds: a row of boxes, in every fourth
// frame nothing, the least confident first.
func things(_ context.Context, e *frame.Entry) error {
	if e.Region != (frame.Box{}) {
		return errors.New("a whole frame was expected")
	}
	for i := range int(e.Frame.Seq % 4) {
		x := float32(i) / 4
		e.Output.Detections = append(e.Output.Detections, frame.Detection{
			Label: "thing", Confidence: .5 + x/2, Box: frame.Box{XMin: x + .05, YMin: .25, XMax: x + .2, YMax: .75},
		})
	}
	return nil
}

// readings is a made-up second processor: it says of each crop whose it is, and
// notes which feeds' crops came together.
type readings struct {
	mu     sync.Mutex
	crops  int
	widest int // feeds in one batch
	whole  int // entries without a region
}

func (r *readings) process(_ context.Context, batch []frame.Entry) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	feeds := map[frame.FeedID]bool{}
	for i := range batch {
		e := &batch[i]
		feeds[e.Frame.Feed] = true
		r.crops++
		if e.Region == (frame.Box{}) {
			r.whole++
		}
		if r.crops%10 == 0 {
			e.Err = errors.New("this crop fails")
			continue
		}
		e.Output.Detections = []frame.Detection{{Label: reading(e.Frame), Confidence: 1, Box: e.Region}}
	}
	r.widest = max(r.widest, len(feeds))
	return nil
}

func reading(f *frame.Frame) string { return fmt.Sprintf("%s/%d", f.Feed, f.Seq) }

// matches checks results of the second processor against those of the first.
type matches struct {
	mu      sync.Mutex
	found   map[string][]frame.Detection // by reading
	seconds int
	partial int
	wrong   []string
}

func (m *matches) take(f *frame.Frame, findings []frame.Finding) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range findings {
		found := x.Result.Output.Detections
		switch x.Processor {
		case "things":
			m.found[reading(f)] = append([]frame.Detection(nil), found...)
		case "readings":
			m.second(f, x, found)
		}
	}
}

func (m *matches) second(f *frame.Frame, x frame.Finding, found []frame.Detection) {
	m.seconds++
	if x.Result.Partial {
		m.partial++
	}
	parents := m.found[reading(f)]
	for _, d := range found {
		switch {
		case x.Of != "things" || d.Label != reading(f) || d.Parent < 0 || d.Parent >= len(parents):
			m.wrong = append(m.wrong, fmt.Sprintf("%s of %q: %+v of %d parents", reading(f), x.Of, d, len(parents)))
		case parents[d.Parent].Box.IoU(d.Box) < .5:
			m.wrong = append(m.wrong, fmt.Sprintf("%s: %+v is not a crop of %+v", reading(f), d, parents[d.Parent]))
		}
	}
}

func (m *matches) enough() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seconds >= 60 && m.partial > 0
}

// A cascade over several cameras: crops of all of them are batched together,
// each answer comes back to its detection, and every processor's ledger is exact
// for every feed, though crops fail, a camera breaks off, and the stop comes in
// the middle of it all.
func TestCascadeOfManyCameras(t *testing.T) {
	cameras := make([]*rtspcam.Camera, 3)
	var feeds strings.Builder
	for i := range cameras {
		cameras[i] = startClipCamera(t)
		fmt.Fprintf(&feeds, "  cam%d: {url: %q}\n", i+1, cameras[i].URL())
	}
	r, m := &readings{}, &matches{found: map[string][]frame.Detection{}}
	a := startApp(t, `
version: 1
metrics: {listen: ""}
rtsp: {listen: "127.0.0.1:0"}
processors:
  things: {type: things}
  readings: {type: readings, batch: {policy: window, max_batch_size: 8, max_latency: 100ms, isolate_failures: false}}
  motion: {type: motion}
  busy: {type: busy, batch: {max_batch_size: 1, response_timeout: 50ms, isolate_failures: false}}
defaults:
  processors:
  - {name: things, max_in_flight: 2}
  - {name: readings, crops: {of: things, most: 2}}
  - {name: busy, crops: {of: readings, min_confidence: 0.5}}
feeds:
`+feeds.String()+`
  other: {source: {test: {pattern: ball, fps: 10}}, processors: [motion]}
`, Options{OnResult: m.take, Types: BuiltinTypes().With(Types{
		"things":   OwnType(func() (processors.Processor, error) { return processors.Each(things), nil }),
		"readings": OwnType(func() (processors.Processor, error) { return processors.Func(r.process), nil }),
		"busy":     OwnType(func() (processors.Processor, error) { return processors.Func(new(erratic).process), nil }),
	})})

	await(t, "every feed live", func() bool { return allLive(a.Snapshot()) })
	cameras[0].Stop()
	await(t, "the first feed notices", func() bool { return a.Snapshot().Feeds[0].Status.State != pipeline.Live })
	if err := cameras[0].Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the first feed is back", func() bool {
		f := a.Snapshot().Feeds[0]
		return f.Status.State == pipeline.Live && f.Status.Restarts > 0
	})
	await(t, "enough answers for crops, some of them partial", m.enough)
	await(t, "each kind of outcome at the third", func() bool {
		l := total(a.Snapshot(), "busy")
		return l[frame.Delivered] > 0 && l[frame.Failed] > 0 && l[frame.Timeout] > 0 && l[frame.Skipped] > 0
	})
	stopApp(t, a)

	s := a.Snapshot()
	checkLedgers(t, s)
	checkCrops(t, s, r)
	for _, w := range m.wrong {
		t.Error(w)
	}
	if r.widest < 2 || r.whole > 0 {
		t.Errorf("at most %d feeds in a batch of crops, %d whole frames", r.widest, r.whole)
	}
}

func checkCrops(t *testing.T, s Snapshot, r *readings) {
	t.Helper()
	var crops pipeline.CropStats
	for _, f := range s.Feeds {
		for _, p := range f.Processors {
			if p.Name != "readings" {
				continue
			}
			crops.Submitted += p.Crops.Submitted
			crops.LeftOut += p.Crops.LeftOut
			if p.Of != "things" || p.Ledger[frame.Skipped] == 0 || p.Ledger[frame.Delivered] == 0 {
				t.Errorf("feed %s at %s of %q: %v", f.ID, p.Name, p.Of, p.Ledger)
			}
		}
	}
	if crops.Submitted < uint64(r.crops) || crops.LeftOut == 0 {
		t.Errorf("%+v, the processor has seen %d", crops, r.crops)
	}
	for _, p := range s.Processors {
		if l := p.Batch.Total; p.Name == "readings" && (l.Outcomes[frame.QueueFull] > 0 || l.Submitted >= crops.Submitted) {
			t.Errorf("%d submissions of %d crops: %v", l.Submitted, crops.Submitted, l.Outcomes)
		}
	}
}
