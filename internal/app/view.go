package app

import (
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/view"
)

// viewOf is a feed's way of knowing where its camera looks.
func viewOf(c config.Feed) pipeline.ViewProvider {
	if c.View == config.ViewEstimated {
		return view.New()
	}
	return frame.FixedView{}
}

// tellView writes changes of the view to the feed's event logs.
func (f *feed) tellView(e pipeline.Event) {
	if e.View == nil {
		return
	}
	for _, w := range f.events {
		w.View(eventlog.View{
			Feed: e.Feed, Event: e.Type.String(), Seq: e.View.Seq, PTS: e.View.PTS,
			Captured: e.View.Captured, CapturedFrom: e.View.CapturedFrom, Epoch: e.View.View.Epoch,
		})
	}
}
