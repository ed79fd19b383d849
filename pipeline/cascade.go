package pipeline

import (
	"fmt"

	"github.com/nvpipe/nvpipe/frame"
)

// cascade is a lane's place behind another one, and in front of others. A lane
// with a parent is offered a frame when the parent has decided about it, and
// crops of it if it was delivered. Until then the frame is the parent's: what a
// lane waits for is what its parent has pending, and needs no count of its own.
type cascade struct {
	crop   CropConfig
	parent int // the lane whose detections are cropped; -1: none
	behind []int
	// following is how many lanes follow on this one's, over all stages.
	following int

	offered flight // the frame being decided about
	cropped CropStats
	// merged is the answer being booked, made of those of its parts.
	merged     frame.Result
	detections []frame.Detection
}

// connect gives each lane its place. The error says which have none.
func connect(lanes []lane) error {
	for i := range lanes {
		l := &lanes[i]
		l.parent = -1
		if l.crop.Of == "" {
			continue
		}
		for p := range i {
			if lanes[p].name == l.crop.Of {
				l.parent = p
			}
		}
		if l.parent < 0 {
			return fmt.Errorf("processor %s: crops.of: no processor before it is called %q", l.name, l.crop.Of)
		}
		lanes[l.parent].behind = append(lanes[l.parent].behind, i)
		for p := l.parent; p >= 0; p = lanes[p].parent {
			lanes[p].following++
		}
	}
	return nil
}

// offerCrops decides about a frame that the parent has decided about.
func (l *lane) offerCrops(fr *frame.Frame, v frame.ViewState, o frame.Outcome, found []frame.Detection) decision {
	switch {
	case l.stopped || o == frame.Stopped:
		return l.decide(frame.Stopped)
	case o != frame.Delivered:
		return l.decide(frame.Skipped)
	}
	l.offered.view = v
	l.offered.crops.choose(&l.crop, found)
	// By the time of the frame: the parent's answers come in bunches.
	if len(l.offered.crops.regions) == 0 || !l.rates.take(fr.Arrived) {
		return l.decide(frame.Skipped)
	}
	return l.admit(fr, &l.offered)
}

// merge makes one result of those of a frame's crops: what was found in all of
// them, each with its parent.
func (l *lane) merge(c *crops, r *frame.Result, parts []frame.Result) *frame.Result {
	l.detections = l.detections[:0]
	var data []frame.PartData
	for i := range min(len(parts), len(c.parents)) {
		if parts[i].Outcome != frame.Delivered {
			continue
		}
		out := &parts[i].Output
		for _, d := range out.Detections {
			d.Parent = c.parents[i]
			l.detections = append(l.detections, d)
		}
		if out.Data != nil {
			data = append(data, frame.PartData{Parent: c.parents[i], Region: c.regions[i], Data: out.Data})
		}
	}
	l.merged = *r
	l.merged.Output = frame.Output{Detections: l.detections}
	if data != nil {
		l.merged.Output.Data = data
	}
	return &l.merged
}

// pass tells the lanes behind lane i what it has decided about a frame, with mu
// held.
func (f *Feed) pass(i int, fr *frame.Frame, v frame.ViewState, o frame.Outcome, found []frame.Detection) {
	for _, next := range f.lanes[i].behind {
		d := f.lanes[next].offerCrops(fr, v, o, found)
		if !d.waits {
			f.without(next, fr, d.outcome)
		}
		f.let(next, d.evicted, frame.Superseded)
	}
}

// without tells whom it concerns that lane i has decided about a frame without
// a result, with mu held.
func (f *Feed) without(i int, fr *frame.Frame, o frame.Outcome) {
	if box := f.outbox(); box != nil {
		box.decided(i, fr, nil)
	}
	f.pass(i, fr, frame.ViewState{}, o, nil)
}

// undecidedAt is how many frames have no outcome at lane i yet, with mu held.
func (f *Feed) undecidedAt(i int) (n int) {
	for ; i >= 0; i = f.lanes[i].parent {
		n += f.lanes[i].pending()
	}
	return n
}

// Crops are what processor i got of the feed, in the order of
// Settings.Processors; zero for one that gets whole frames.
func (f *Feed) Crops(i int) CropStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lanes[i].cropped
}
