package demo

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/app"
	"github.com/nvpipe/nvpipe/pipeline"
)

// FaultVerdict is how the faults went.
type FaultVerdict struct {
	// Camera is whom they befell. What is found in its pictures is not judged.
	Camera string `json:"camera"`
	// Befell are those that began and ended, of Planned.
	Befell  []string `json:"befell"`
	Planned int      `json:"planned"`
	// Back: at the end its feed is live.
	Back bool `json:"back"`
	// Restarts are its feed's connections after the first.
	Restarts int `json:"restarts"`
	// OthersLost are pictures that the other cameras sent since the first fault
	// and that were not decoded; OthersRestarts their feeds' connections.
	OthersLost     int  `json:"others_lost"`
	OthersRestarts int  `json:"others_restarts"`
	OK             bool `json:"ok"`
}

// underWay is how many pictures of a camera may be between it and the decoder
// when they are counted, more than at another time.
const underWay = 8

// trouble lets the faults happen.
type trouble struct {
	faults  Faults
	cameras []*camera
	decoded func() map[frame.FeedID]uint64

	mu     sync.Mutex
	now    string // what goes wrong now
	befell []string
	ended  time.Time              // the last one
	behind map[frame.FeedID]int64 // pictures, at the first one
}

func newTrouble(f Faults, cameras []*camera, decoded func() map[frame.FeedID]uint64) *trouble {
	return &trouble{faults: f, cameras: cameras, decoded: decoded}
}

// run lets the faults happen until the last one has ended, or ctx.
func (t *trouble) run(ctx context.Context) {
	if len(t.faults.list) == 0 {
		return
	}
	c, pause := t.cameras[t.faults.camera], t.faults.calm
	for i, f := range t.faults.list {
		if !sleep(ctx, pause) {
			return
		}
		if i == 0 {
			t.behind = t.measure()
		}
		t.say(fmt.Sprintf("%s: %s for %v: %s", c.id, f.name, f.lasts, f.text))
		f.befall(c)
		over := sleep(ctx, f.lasts)
		f.cease(c)
		t.say("")
		if !over {
			return
		}
		t.mu.Lock()
		t.befell = append(t.befell, f.name)
		t.ended = time.Now()
		t.mu.Unlock()
		pause = t.faults.recovery
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t *trouble) say(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now = text
}

// line is what the table says under its rows.
func (t *trouble) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case len(t.faults.list) == 0:
		return ""
	case t.now != "":
		return "fault: " + t.now + "\n"
	case len(t.befell) == 0:
		return "fault: none yet\n"
	default:
		return fmt.Sprintf("fault: none now, %s was %v ago\n", t.befell[len(t.befell)-1], time.Since(t.ended).Round(time.Second))
	}
}

// measure is how many pictures each camera is ahead of its feed.
func (t *trouble) measure() map[frame.FeedID]int64 {
	decoded, behind := t.decoded(), map[frame.FeedID]int64{}
	for _, c := range t.cameras {
		behind[c.id] = int64(c.sent.Load()) - int64(decoded[c.id])
	}
	return behind
}

// verdict is to be asked for once run has returned, while the feeds still run.
func (t *trouble) verdict(feeds []app.FeedSnapshot) *FaultVerdict {
	if len(t.faults.list) == 0 {
		return nil
	}
	faulted := t.cameras[t.faults.camera].id
	v := &FaultVerdict{Camera: string(faulted), Befell: slices.Clone(t.befell), Planned: len(t.faults.list)}
	behind := t.measure()
	for _, f := range feeds {
		if f.ID == faulted {
			v.Back = f.Status.State == pipeline.Live && f.Status.LastFrame.After(t.ended)
			v.Restarts = f.Status.Restarts
			continue
		}
		v.OthersRestarts += f.Status.Restarts
		if lost := int(behind[f.ID] - t.behind[f.ID]); t.behind != nil && lost > underWay {
			v.OthersLost += lost
		}
	}
	v.OK = v.Back && v.OthersRestarts == 0 && v.OthersLost == 0 && len(v.Befell) == v.Planned
	return v
}
