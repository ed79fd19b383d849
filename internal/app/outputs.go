package app

import (
	"fmt"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/internal/film"
	"github.com/nvpipe/nvpipe/internal/overlay"
	"github.com/nvpipe/nvpipe/internal/rotate"
	"github.com/nvpipe/nvpipe/pipeline"
)

// addOutputs opens a feed's continuations and puts them into the settings.
func (a *App) addOutputs(f *feed, s *pipeline.Settings) error {
	for _, c := range f.config.Continuations {
		switch c.Type {
		case config.Stream:
			stream, err := a.rtsp.Stream(f.config.ID)
			if err != nil {
				return err
			}
			f.stream = stream
			s.Sinks = append(s.Sinks, stream)
		case config.Events:
			w, err := a.eventLogs.Open(c.Events)
			if err != nil {
				return fmt.Errorf("feed %s: events: %w", f.config.ID, err)
			}
			f.outputs, f.events = append(f.outputs, eventOutput{w}), append(f.events, w)
			s.Taps = append(s.Taps, w)
		case config.Film:
			w, err := film.New(f.config.ID, c.Film, film.Options{OnEvent: func(e film.Event) { logFilmEvent(f.log, e) }})
			if err != nil {
				return fmt.Errorf("feed %s: file: %w", f.config.ID, err)
			}
			f.outputs = append(f.outputs, filmOutput{w, f.config.ID, c.Film.Dir})
			s.Sinks = append(s.Sinks, w)
		}
	}
	return nil
}

// graphSettings are what a feed's config asks of the media graph.
func (a *App) graphSettings(c config.Feed) pipeline.GraphSettings {
	return pipeline.GraphSettings{
		Decode: c.Decode.Mode, Decoders: c.Decode.Decoders, DecodeThreads: c.Decode.Threads,
		KeyframesOnly: c.Decode.KeyframesOnly,
		DecoderMemory: &pipeline.DecoderMemory{},
		MaxWidth:      c.Decode.MaxWidth, MaxHeight: c.Decode.MaxHeight, MaxPixels: c.Decode.MaxPixels,
		Encoders: c.Encode.Encoders, KeyInterval: c.Encode.KeyInterval, BitrateKbps: c.Encode.BitrateKbps,
		Draw: drawer(c.Draw),
	}
}

// drawer is one feed's way of drawing; its graphs draw on threads of their own,
// one after the other.
func drawer(c overlay.Config) func(*pipeline.Image, []frame.Finding) {
	painter := overlay.NewPainter(c)
	return func(img *pipeline.Image, findings []frame.Finding) {
		// The only error is a picture of no known format, of which the graph
		// makes none.
		_ = painter.Draw((*overlay.Image)(img), findings)
	}
}

type eventOutput struct{ *eventlog.Writer }

func (o eventOutput) snapshot() OutputSnapshot {
	s := o.Status()
	return OutputSnapshot{Kind: config.Events, Path: s.Path, Written: s.Written, Dropped: s.Dropped, Trouble: trouble(s.State, s.Err)}
}

type filmOutput struct {
	*film.Writer
	feed frame.FeedID
	dir  string
}

func (o filmOutput) snapshot() OutputSnapshot {
	s := o.Status()
	var dropped uint64
	for _, n := range s.Dropped {
		dropped += n
	}
	return OutputSnapshot{Kind: config.Film, Feed: o.feed, Path: o.dir, Written: s.Written, Dropped: dropped, Trouble: trouble(s.State, s.Err)}
}

func trouble(state string, err error) string {
	if state == rotate.Fine {
		return ""
	}
	if err != nil {
		return state + ": " + err.Error()
	}
	return state
}

// noSignal is the picture that viewers see while a camera is away: two
// keyframes, because consecutive ones must differ in their idr_pic_id.
func noSignal(width, height int) ([]frame.Packet, error) {
	return encodeStill(overlay.Slate(width, height, "no signal", "waiting for the camera"))
}
