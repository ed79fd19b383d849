package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Level is how good a finding is.
type Level string

// The levels.
const (
	// OK: as it should be.
	OK Level = "ok"
	// Note: not there, and not needed by everybody.
	Note Level = "note"
	// Warning: nvpipe runs, but something will be worse or will not work.
	Warning Level = "warning"
	// Missing: required, and not there.
	Missing Level = "missing"
)

// Finding is one line of a report.
type Finding struct {
	// Part is what the finding belongs to: "GStreamer".
	Part  string `json:"part"`
	Name  string `json:"name"`
	Level Level  `json:"level"`
	// Found is what is there.
	Found string `json:"found"`
	// Means is what follows, where it is not as it should be.
	Means string `json:"means,omitempty"`
	// Mend is the command that mends it, or what to do.
	Mend string `json:"mend,omitempty"`
}

// Report is all there is to say of a machine.
type Report struct {
	// OK: nothing required is missing.
	OK       bool      `json:"ok"`
	Findings []Finding `json:"findings"`
}

func (r *Report) add(part string, f Finding) {
	f.Part = part
	r.Findings = append(r.Findings, f)
}

// WriteJSON writes the report as one object.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteText writes the report for a person: its lines by part, and a verdict.
func (r Report) WriteText(w io.Writer) error {
	p := printer{w: w}
	width := 0
	for _, f := range r.Findings {
		width = max(width, utf8.RuneCountInString(f.Name))
	}
	part := ""
	for _, f := range r.Findings {
		if f.Part != part {
			part = f.Part
			p.print("%s\n", part)
		}
		p.print("  %-8s %-*s  %s\n", f.Level, width, f.Name, f.Found)
		for _, line := range []struct{ sign, text string }{{" ", f.Means}, {"→", f.Mend}} {
			if line.text != "" {
				p.print("  %-8s %-*s  %s %s\n", "", width, "", line.sign, line.text)
			}
		}
	}
	p.print("\n%s\n", r.verdict())
	return p.err
}

func (r Report) verdict() string {
	count := func(l Level) (n int) {
		for _, f := range r.Findings {
			if f.Level == l {
				n++
			}
		}
		return n
	}
	missing, warnings := count(Missing), count(Warning)
	switch {
	case missing > 0:
		return fmt.Sprintf("%d required missing, %d to be warned of: see the lines above", missing, warnings)
	case warnings > 0:
		return fmt.Sprintf("all that is required is here; %d to be warned of", warnings)
	}
	return "all is well"
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) print(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}
