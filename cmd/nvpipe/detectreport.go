package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/internal/offline"
)

// detectReport writes what was found: lines of JSON or a table to out, and a
// summary of each file to errs, or below the table.
type detectReport struct {
	out      *bufio.Writer
	errs     io.Writer
	asJSON   bool
	progress func(string)

	job    viewing
	began  time.Time
	shown  time.Time // of the progress
	frames int
	took   time.Duration
	newest time.Duration
	// with counts the frames that have a class.
	with map[string]int
}

func newDetectReport(out, errs io.Writer, asJSON bool) *detectReport {
	r := &detectReport{out: bufio.NewWriter(out), errs: errs, asJSON: asJSON, progress: func(string) {}}
	if asJSON && !isTerminal(out) {
		r.progress = progressOn(errs)
	}
	return r
}

func (r *detectReport) begin(j viewing) {
	r.job, r.began, r.frames, r.took, r.newest = j, time.Now(), 0, 0, 0
	r.with = map[string]int{}
	if !r.asJSON {
		fmt.Fprintf(r.out, "%s\n%8s  %-20s %5s  %6s %6s %6s %6s (pixels)\n", j.file, "time", "class", "conf.", "left", "top", "width", "height")
		r.out.Flush()
	}
}

// look takes one frame's result and writes it at once.
func (r *detectReport) look(l offline.Look) error {
	r.frames++
	r.took += l.Took
	r.newest = l.At
	seen := map[string]bool{}
	for _, d := range l.Detections {
		if !seen[d.Label] {
			seen[d.Label] = true
			r.with[d.Label]++
		}
	}
	if r.asJSON {
		r.out.Write(lookLine(l))
	} else {
		r.rows(l)
	}
	if now := time.Now(); now.Sub(r.shown) > 100*time.Millisecond {
		r.shown = now
		r.progress(fmt.Sprintf("%s: %v, %d frames, %.1f frames/s", r.job.file, l.At.Round(time.Second), r.frames, r.perSecond()))
	}
	return r.out.Flush()
}

// lookLine is one frame as a line of JSON; docs/operations.md has its form.
func lookLine(l offline.Look) []byte {
	file, _ := json.Marshal(l.File) // a string always marshals
	b := append([]byte(`{"file":`), file...)
	b = append(b, `,"time":`...)
	b = strconv.AppendFloat(b, l.At.Seconds(), 'f', 3, 64)
	b = append(b, `,"width":`...)
	b = strconv.AppendInt(b, int64(l.Width), 10)
	b = append(b, `,"height":`...)
	b = strconv.AppendInt(b, int64(l.Height), 10)
	b = append(b, `,"detections":`...)
	b = eventlog.AppendDetections(b, l.Detections)
	b = append(b, `,"inference_ms":`...)
	b = strconv.AppendFloat(b, l.Took.Seconds()*1000, 'f', 3, 64)
	return append(b, "}\n"...)
}

func (r *detectReport) rows(l offline.Look) {
	at := fmt.Sprintf("%8.2f", l.At.Seconds())
	if len(l.Detections) == 0 {
		fmt.Fprintf(r.out, "%s  –\n", at)
	}
	for _, d := range l.Detections {
		w, h := float32(l.Width), float32(l.Height)
		fmt.Fprintf(r.out, "%s  %-20s %4.0f%%  %6.0f %6.0f %6.0f %6.0f\n", at, d.Label, 100*d.Confidence,
			d.Box.XMin*w, d.Box.YMin*h, (d.Box.XMax-d.Box.XMin)*w, (d.Box.YMax-d.Box.YMin)*h)
		at = strings.Repeat(" ", len(at))
	}
}

// end says what a file was like, also one that was not looked at to its end.
func (r *detectReport) end(err error) {
	r.progress("")
	to := r.errs
	if !r.asJSON {
		to = r.out
		defer r.out.Flush()
	}
	if r.frames == 0 {
		if err == nil {
			fmt.Fprintf(to, "%s: no frame in it\n", r.job.file)
		}
		return
	}
	fmt.Fprintf(to, "%s: %s; %s; %.1f ms a frame, %.1f frames/s in all\n", r.job.file, plural(r.frames, "frame"), r.classes(),
		r.took.Seconds()*1000/float64(r.frames), r.perSecond())
	if r.job.copied != "" {
		fmt.Fprintf(to, "annotated copy: %s\n", r.job.copied)
	}
}

// classes says how many frames have each, the most frequent first.
func (r *detectReport) classes() string {
	if len(r.with) == 0 {
		return "nothing found"
	}
	names := slices.SortedFunc(maps.Keys(r.with), func(a, b string) int {
		return cmp.Or(r.with[b]-r.with[a], strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s in %d", name, r.with[name])
	}
	return strings.Join(names, ", ")
}

func (r *detectReport) perSecond() float64 {
	return float64(r.frames) / max(time.Since(r.began).Seconds(), 1e-3)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
