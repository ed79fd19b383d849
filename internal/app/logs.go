package app

import (
	"fmt"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/internal/coalesce"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/internal/film"
	"github.com/nvpipe/nvpipe/internal/rotate"
	"github.com/nvpipe/nvpipe/internal/rtspout"
	"github.com/nvpipe/nvpipe/pipeline"
)

// Every event of every part becomes a log line here. Nothing is logged per
// frame, and repeats are at most one line a second with their number.

func logFeedEvent(l *coalesce.Logger, source pipeline.Source, e pipeline.Event) {
	if e.View != nil {
		l.Log(feedLevel(e), e.Type.String(), e.Text, zap.Uint64("view_epoch", e.View.View.Epoch), zap.Uint64("seq", e.View.Seq))
		return
	}
	if e.Type != pipeline.StateChanged {
		l.Log(feedLevel(e), e.Type.String(), e.Text, zap.Uint64("count", max(1, e.Count)))
		return
	}
	fields := []zap.Field{zap.Stringer("was", e.From)}
	if e.Reason != pipeline.ReasonNone {
		fields = append(fields, zap.String("reason", string(e.Reason)))
	}
	if e.Text != "" {
		fields = append(fields, zap.String("why", e.Text))
	}
	if e.RetryIn > 0 {
		fields = append(fields, zap.Stringer("source", source), zap.Duration("retry_in", e.RetryIn.Round(time.Millisecond)))
	}
	if advice := whatToDo[e.Reason]; advice != "" && e.To == pipeline.BackingOff {
		fields = append(fields, zap.String("do", advice))
	}
	l.Log(feedLevel(e), "state "+e.To.String()+string(e.Reason), e.To.String(), fields...)
}

// whatToDo is docs/operations.md's advice, for whoever reads the log alone.
var whatToDo = map[pipeline.Reason]string{
	pipeline.ReasonAuthFailed:  "correct user and password of the feed, and restart; it is tried rarely, because cameras lock accounts",
	pipeline.ReasonNotFound:    "correct the path in the feed's URL, or of its film",
	pipeline.ReasonBusy:        "close other viewers of the camera; it has all the sessions it allows",
	pipeline.ReasonUnreachable: "check the camera's power and network, and the address and port in the feed's URL",
	pipeline.ReasonNoVideo:     "choose a video stream of the camera, H.264, H.265 or JPEG",
	pipeline.ReasonUntrusted:   "name the camera's certificate, or its maker's, in rtsp.ca_file of the feed",
	pipeline.ReasonStalled:     "check the camera's network; if it stays so, restart the camera",
}

func feedLevel(e pipeline.Event) zapcore.Level {
	switch {
	case e.Type == pipeline.ContinuationFailed, e.Type == pipeline.TeardownFailed:
		return zapcore.ErrorLevel
	case e.Type == pipeline.ViewChanged, e.Type == pipeline.LensCovered, e.Type == pipeline.LensBlinded:
		return zapcore.WarnLevel
	case e.Type == pipeline.TimeJumped, e.To == pipeline.Stalled, e.To == pipeline.BackingOff:
		return zapcore.WarnLevel
	}
	return zapcore.InfoLevel
}

// logBatchEvent needs no coalescing: the coordinator's events are coalesced.
func logBatchEvent(l *zap.Logger, e batchsink.Event) {
	fields := []zap.Field{zap.String("processor", e.Processor), zap.Int("count", e.Count)}
	if e.Feed != "" {
		fields = append(fields, zap.String("feed", string(e.Feed)))
	}
	if e.Err != nil {
		fields = append(fields, zap.Error(e.Err))
	}
	level := zapcore.WarnLevel
	switch e.Kind {
	case batchsink.ProcessorLost, batchsink.ProcessorStartFailed, batchsink.ProcessorStopFailed, batchsink.BatchError:
		level = zapcore.ErrorLevel
	case batchsink.ProcessorRestored:
		level = zapcore.InfoLevel
	}
	l.Log(level, string(e.Kind)+": "+e.Text, fields...)
}

func logEventLogEvent(l *coalesce.Logger, e eventlog.Event) {
	path := zap.String("path", e.Path)
	switch e.Kind {
	case eventlog.StateChanged:
		logDiskState(l, "events "+e.Path, "event file", e.State, e.Err, path)
	case eventlog.Dropped, eventlog.Lost:
		l.Warn("events "+string(e.Kind)+e.Path, "event lines "+string(e.Kind), path, zap.Uint64("lines", e.Count))
	}
}

func logFilmEvent(l *coalesce.Logger, e film.Event) {
	switch e.Kind {
	case film.StateChanged:
		logDiskState(l, "film", "film", e.State, e.Err)
	case film.Dropped, film.Lost:
		l.Warn("film "+string(e.Kind)+fmt.Sprint(e.Reason), "film packets "+string(e.Kind), zap.Stringer("reason", e.Reason), zap.Uint64("packets", e.Count))
	}
}

func logDiskState(l *coalesce.Logger, key, what, state string, err error, fields ...zap.Field) {
	if state == rotate.Fine {
		l.Info(key+state, what+" is being written", fields...)
		return
	}
	fields = append(fields, zap.String("state", state), zap.Error(err))
	l.Error(key+state, what+" cannot be written; nothing else is held up", fields...)
}

func logStreamEvent(l *coalesce.Logger, e rtspout.Event) {
	var fields []zap.Field
	if e.Feed != "" {
		fields = append(fields, zap.String("feed", string(e.Feed)))
	}
	if e.Viewer != "" {
		fields = append(fields, zap.String("viewer", e.Viewer))
	}
	if e.Err != nil {
		fields = append(fields, zap.Error(e.Err))
	}
	level := zapcore.InfoLevel
	switch e.Kind {
	case rtspout.ViewerCut, rtspout.ViewerRefused, rtspout.AuthFailed, rtspout.StreamFailed:
		level = zapcore.WarnLevel
	}
	l.Log(level, string(e.Kind)+string(e.Feed), string(e.Kind), fields...)
}
