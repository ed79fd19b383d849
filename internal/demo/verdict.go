package demo

import (
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/scene"
)

const (
	// The verdict's bar, for recall and for precision.
	enough = 0.95
	// settling is how long after a feed's first result nothing is judged: the
	// background is being learned.
	settling = 3 * time.Second
)

// Verdict is how the demo went.
type Verdict struct {
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
	mu    sync.Mutex
	feeds map[frame.FeedID]*judged
}

type judged struct {
	camera   *camera
	first    time.Time
	score    scene.Score
	unplaced int
}

func newJudge(cameras []*camera) *judge {
	j := &judge{feeds: map[frame.FeedID]*judged{}}
	for _, c := range cameras {
		j.feeds[c.id] = &judged{camera: c}
	}
	return j
}

// result takes one delivered result; it runs on the coordinator's goroutine.
func (j *judge) result(f *frame.Frame, findings []frame.Finding) {
	j.mu.Lock()
	defer j.mu.Unlock()
	d := j.feeds[f.Feed]
	if d.first.IsZero() {
		d.first = f.Arrived
	}
	if f.Arrived.Sub(d.first) < settling {
		return
	}
	n, sure := d.camera.frameAt(f.Captured)
	if !sure || f.CapturedFrom != frame.FromSenderReport {
		d.unplaced++
		return
	}
	d.score.Add(d.camera.scene.At(n), findings[0].Result.Output.Detections)
}

// verdict sums up.
func (j *judge) verdict(ledgerOK bool) Verdict {
	j.mu.Lock()
	defer j.mu.Unlock()
	v := Verdict{LedgerOK: ledgerOK, Feeds: map[string]FeedResult{}}
	var all scene.Score
	everyFeed := true
	for id, d := range j.feeds {
		s := d.score
		r := FeedResult{Recall: s.Recall(), Precision: s.Precision(), Frames: s.Frames}
		if s.Found > 0 {
			r.MeanIoU = s.OverlapSum / float64(s.Found)
		}
		v.Feeds[string(id)] = r
		v.Unplaced += d.unplaced
		everyFeed = everyFeed && s.Frames > 0
		all.Frames += s.Frames
		all.Found += s.Found
		all.Missed += s.Missed
		all.False += s.False
	}
	v.Recall, v.Precision, v.Frames = all.Recall(), all.Precision(), all.Frames
	v.OK = ledgerOK && everyFeed && v.Recall >= enough && v.Precision >= enough
	return v
}
