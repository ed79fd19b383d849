package pipeline_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
)

// script says the views of frames one after the other; the last one stays.
type script []frame.ViewState

func (s *script) View(*frame.Frame) frame.ViewState {
	v := (*s)[0]
	if len(*s) > 1 {
		*s = (*s)[1:]
	}
	return v
}

func TestChangesOfViewAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		views := script{
			{Epoch: 4}, {Epoch: 4, Moving: true}, {Epoch: 5}, {Epoch: 5},
			{Epoch: 6, Lens: frame.LensCovered}, {Epoch: 7}, {Epoch: 8, Lens: frame.LensBlinded},
		}
		r := start(t, func(s *setup) { s.settings.View = &views })
		r.frames(9)
		synctest.Wait()
		var types []pipeline.EventType
		var seqs []uint64
		r.mu.Lock()
		for _, e := range r.events {
			if e.View != nil {
				types, seqs = append(types, e.Type), append(seqs, e.View.Seq)
			}
		}
		r.mu.Unlock()
		want := []pipeline.EventType{pipeline.ViewChanged, pipeline.LensCovered, pipeline.LensClear, pipeline.LensBlinded}
		if !slices.Equal(types, want) || !slices.Equal(seqs, []uint64{3, 5, 6, 7}) {
			t.Errorf("told %v of frames %v, want %v", types, seqs, want)
		}
		got := r.feed.Stats().View
		if got.State.Epoch != 8 || got.Changed != 1 || got.Covered != 1 || got.Blinded != 1 {
			t.Errorf("counted %+v", got)
		}
		r.coords[0].settle(frame.Delivered)
		r.coords[0].settle(frame.Delivered)
		r.stop()
	})
}

// A view that is another one after a reconnect is told, too.
func TestViewOutlivesConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		views := script{{}, {Epoch: 1}}
		r := start(t, func(s *setup) { s.settings.View = &views })
		r.frames(1)
		r.coords[0].settle(frame.Delivered)
		r.graph().EOS()
		r.pass(2e9)
		r.frames(1)
		r.coords[0].settle(frame.Delivered)
		if n := len(r.told(pipeline.ViewChanged)); n != 1 {
			t.Errorf("told %d times, want once", n)
		}
		r.stop()
	})
}
