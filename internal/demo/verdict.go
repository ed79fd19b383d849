package demo

import (
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/scene"
)

// enough is the verdict's bar, for recall and for precision.
const enough = 0.95

// Verdict is how the demo went.
type Verdict struct {
	// Processor is what looked for the objects, Motion or Detector. With the
	// latter only detections of the right class count.
	Processor string  `json:"processor"`
	Recall    float64 `json:"recall"`
	Precision float64 `json:"precision"`
	// Frames judged.
	Frames int `json:"frames"`
	// LedgerOK: every decoded frame has exactly one outcome, on every feed.
	LedgerOK bool `json:"ledger_ok"`
	OK       bool `json:"ok"`
	// Unplaced results could not be matched with a picture of the camera: their
	// capture time is not the camera's own.
	Unplaced int                   `json:"unplaced"`
	Feeds    map[string]FeedResult `json:"feeds"`
	// Classes are the detector's figures by class, over all feeds.
	Classes map[string]ClassResult `json:"classes,omitempty"`
	// Faults are nil if none were asked for.
	Faults *FaultVerdict `json:"faults,omitempty"`
}

// ClassResult is one class's part of the verdict.
type ClassResult struct {
	Recall    float64 `json:"recall"`
	Precision float64 `json:"precision"`
	// Objects is in how many places there was something to find: objects times
	// the frames in which they count.
	Objects int `json:"objects"`
}

// FeedResult is one camera's part of the verdict.
type FeedResult struct {
	Recall    float64 `json:"recall"`
	Precision float64 `json:"precision"`
	Frames    int     `json:"frames"`
	MeanIoU   float64 `json:"mean_iou"`
}

// judge compares every result with what the camera's scene shows at that time.
type judge struct {
	finder  finder
	mu      sync.Mutex
	feeds   map[frame.FeedID]*judged
	classes scene.KindScores
}

type judged struct {
	camera   *camera
	first    time.Time
	score    scene.Score
	unplaced int
}

func newJudge(cameras []*camera, f finder) *judge {
	j := &judge{finder: f, feeds: map[frame.FeedID]*judged{}}
	for _, c := range cameras {
		j.feeds[c.id] = &judged{camera: c, score: scene.Score{ByKind: f.byClass}}
	}
	return j
}

// result takes one delivered result; it runs on the coordinator's goroutine.
func (j *judge) result(f *frame.Frame, findings []frame.Finding) {
	j.mu.Lock()
	defer j.mu.Unlock()
	d := j.feeds[f.Feed]
	if d == nil { // faults befall its camera
		return
	}
	if d.first.IsZero() {
		d.first = f.Arrived
	}
	if f.Arrived.Sub(d.first) < j.finder.settling {
		return
	}
	n, sure := d.camera.frameAt(f.Captured)
	if !sure || f.CapturedFrom != frame.FromSenderReport {
		d.unplaced++
		return
	}
	truth, found := d.camera.scene.At(n), findings[0].Result.Output.Detections
	d.score.Add(truth, found)
	if j.finder.byClass {
		j.classes.Add(truth, found)
	}
}

// verdict sums up.
func (j *judge) verdict(ledgerOK bool) Verdict {
	j.mu.Lock()
	defer j.mu.Unlock()
	v := Verdict{Processor: j.finder.name, LedgerOK: ledgerOK, Feeds: map[string]FeedResult{}}
	var all scene.Score
	everyFeed := true
	for id, d := range j.feeds {
		s := d.score
		v.Feeds[string(id)] = FeedResult{Recall: s.Recall(), Precision: s.Precision(), Frames: s.Frames, MeanIoU: s.MeanIoU()}
		v.Unplaced += d.unplaced
		everyFeed = everyFeed && s.Frames > 0
		all.Frames += s.Frames
		all.Found += s.Found
		all.Missed += s.Missed
		all.False += s.False
	}
	v.Recall, v.Precision, v.Frames = all.Recall(), all.Precision(), all.Frames
	v.OK = ledgerOK && everyFeed && v.Recall >= enough && v.Precision >= enough
	if j.finder.byClass {
		v.Classes = j.byClass()
	}
	for _, c := range v.Classes {
		v.OK = v.OK && c.Recall >= enough && c.Precision >= enough
	}
	return v
}

func (j *judge) byClass() map[string]ClassResult {
	classes := map[string]ClassResult{}
	for k, s := range j.classes {
		classes[scene.Kind(k).String()] = ClassResult{Recall: s.Recall(), Precision: s.Precision(), Objects: s.Found + s.Missed}
	}
	return classes
}
