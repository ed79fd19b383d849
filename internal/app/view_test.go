package app

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/view"
)

func TestViewOfAFeed(t *testing.T) {
	c := config.DefaultFeed("door")
	if _, fixed := viewOf(c).(frame.FixedView); !fixed {
		t.Error("the default is not fixed")
	}
	c.View = config.ViewEstimated
	if _, estimated := viewOf(c).(*view.Estimator); !estimated {
		t.Error("estimated is not")
	}
}

func TestChangesOfViewReachTheEventLog(t *testing.T) {
	var out bytes.Buffer
	logs := eventlog.NewRegistry(eventlog.Options{Stdout: &out})
	c := eventlog.DefaultConfig()
	c.Path = eventlog.Stdout
	w, err := logs.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	f := &feed{events: []*eventlog.Writer{w}}
	f.tellView(pipeline.Event{Feed: "door", Type: pipeline.TimeJumped})
	f.tellView(pipeline.Event{
		Feed: "door", Type: pipeline.LensBlinded,
		View: &pipeline.ViewChange{Seq: 9, View: frame.ViewState{Epoch: 3, Lens: frame.LensBlinded}},
	})
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"event":"lens_blinded","seq":9,`) || !strings.Contains(got, `"view_epoch":3}`) {
		t.Errorf("written: %s", got)
	}
}
