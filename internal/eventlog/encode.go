package eventlog

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/nvpipe/nvpipe/frame"
)

// The lines are written by hand because a log of many feeds writes thousands a
// second, and the caller is the feed itself. docs/events.md is the schema; a
// test holds the two together.

const timeLayout = "2006-01-02T15:04:05.000000000Z07:00"

func appendLine(b []byte, f *frame.Frame, found *frame.Finding) []byte {
	b = append(b, `{"feed":`...)
	b = appendString(b, string(f.Feed))
	b = append(b, `,"processor":`...)
	b = appendString(b, found.Processor)
	if found.Of != "" {
		b = append(b, `,"of":`...)
		b = appendString(b, found.Of)
	}
	b = append(b, `,"seq":`...)
	b = strconv.AppendUint(b, f.Seq, 10)
	b = append(b, `,"pts":`...)
	b = strconv.AppendInt(b, int64(f.PTS), 10)
	b = append(b, `,"discontinuity":`...)
	b = strconv.AppendUint(b, f.Discontinuity, 10)
	b = append(b, `,"captured_at":"`...)
	b = capturedAt(f).UTC().AppendFormat(b, timeLayout)
	b = append(b, `","captured_from":"`...)
	b = append(b, f.CapturedFrom.String()...)
	b = append(b, `","detections":[`...)
	b = appendDetections(b, found.Result.Output.Detections, found.Of != "")
	b = append(b, ']')
	if found.Result.Partial {
		b = append(b, `,"partial":true`...)
	}
	b = append(b, `,"timings_ms":`...)
	b = appendTimings(b, &found.Result.Timings)
	b = append(b, `,"batch_size":`...)
	b = strconv.AppendInt(b, int64(found.Result.BatchSize), 10)
	return append(b, "}\n"...)
}

// View is a new epoch of a feed's view: the first frame that has it, and why.
type View struct {
	Feed frame.FeedID
	// Event is "view_changed", "lens_covered", "lens_blinded" or "lens_clear".
	Event        string
	Seq          uint64
	PTS          time.Duration
	Captured     time.Time
	CapturedFrom frame.CaptureSource
	Epoch        uint64
}

func appendView(b []byte, v *View) []byte {
	b = append(b, `{"feed":`...)
	b = appendString(b, string(v.Feed))
	b = append(b, `,"event":`...)
	b = appendString(b, v.Event)
	b = append(b, `,"seq":`...)
	b = strconv.AppendUint(b, v.Seq, 10)
	b = append(b, `,"pts":`...)
	b = strconv.AppendInt(b, int64(v.PTS), 10)
	b = append(b, `,"captured_at":"`...)
	b = v.Captured.UTC().AppendFormat(b, timeLayout)
	b = append(b, `","captured_from":"`...)
	b = append(b, v.CapturedFrom.String()...)
	b = append(b, `","view_epoch":`...)
	b = strconv.AppendUint(b, v.Epoch, 10)
	return append(b, "}\n"...)
}

func capturedAt(f *frame.Frame) time.Time {
	if f.Captured.IsZero() {
		return f.Arrived
	}
	return f.Captured
}

// appendDetections leaves out the brackets; parents says whether the detections
// have any.
func appendDetections(b []byte, all []frame.Detection, parents bool) []byte {
	first := true
	for i := range all {
		d := &all[i]
		if !finite(d) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, `{"class":`...)
		b = appendString(b, d.Label)
		b = append(b, `,"class_id":`...)
		b = strconv.AppendInt(b, int64(d.Class), 10)
		b = append(b, `,"confidence":`...)
		b = appendFloat(b, d.Confidence)
		b = append(b, `,"box":[`...)
		for i, v := range [4]float32{d.Box.XMin, d.Box.YMin, d.Box.XMax, d.Box.YMax} {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendFloat(b, v)
		}
		b = append(b, ']')
		if parents {
			b = append(b, `,"parent":`...)
			b = strconv.AppendInt(b, int64(d.Parent), 10)
		}
		b = append(b, '}')
	}
	return b
}

// finite reports whether JSON can say it; a detection with a number that is
// none says nothing anyway.
func finite(d *frame.Detection) bool {
	sum := d.Confidence + d.Box.XMin + d.Box.YMin + d.Box.XMax + d.Box.YMax
	return !math.IsNaN(float64(sum)) && !math.IsInf(float64(sum), 0)
}

// appendFloat gives 5 digits: a fifth of a pixel at 16,384 pixels.
func appendFloat(b []byte, v float32) []byte {
	return strconv.AppendFloat(b, float64(v), 'f', 5, 32)
}

func appendTimings(b []byte, t *frame.Timings) []byte {
	b = append(b, `{"queue":`...)
	b = appendMillis(b, t.Queue)
	b = append(b, `,"batch_wait":`...)
	b = appendMillis(b, t.BatchWait)
	b = append(b, `,"inference":`...)
	b = appendMillis(b, t.Inference)
	b = append(b, `,"total":`...)
	b = appendMillis(b, t.Total)
	return append(b, '}')
}

func appendMillis(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, float64(d)/float64(time.Millisecond), 'f', 3, 64)
}

// appendString quotes s; only strings with something to escape cost more than
// a copy.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
