package plots

import (
	"fmt"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/internal/bench/batch"
)

const ms = time.Millisecond

// family is loads that differ in the number of cameras.
type family struct {
	title string
	batch.Load
	cameras []int
}

func families() []family {
	cameras := []int{1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64}
	of := func(title string, fps float64, cost batch.Cost) family {
		return family{title, batch.Load{FPS: fps, Size: 8, Window: 50 * ms, Cost: cost}, cameras}
	}
	return []family{
		of("flat cost, as on a GPU: 20 ms; 15 fps", 15, batch.Cost{Base: 20 * ms}),
		of("mixed cost: 4 ms + 1 ms·n; 15 fps", 15, batch.Cost{Base: 4 * ms, Each: ms}),
		of("cost in proportion, as on a CPU: 10 ms·n; 5 fps", 5, batch.Cost{Each: 10 * ms}),
		of("closed loop; flat cost, 5 ms", 0, batch.Cost{Base: 5 * ms}),
	}
}

// played is a family's figures: for each policy, in the order of the cameras.
type played struct {
	family
	figures map[string][]batch.Figures
}

// plot is one file of panels, one for each family.
type plot struct {
	file, about string
	axis        func(played) Axis
	value       func(batch.Figures) float64
	// ceiling: what a loop of full batches would serve is drawn too.
	ceiling bool
}

func plots() []plot {
	latency := func(name string) func(played) Axis {
		return func(played) Axis {
			return Axis{Name: name, From: 5, To: 1000, Log: true, Ticks: []float64{5, 10, 20, 50, 100, 200, 500, 1000}}
		}
	}
	return []plot{
		{"batching-p50.svg", "Median time from submission to answer, by policy, against the number of cameras", latency("p50, ms"),
			func(f batch.Figures) float64 { return f.P50 }, false},
		{"batching-p99.svg", "99th percentile of the time from submission to answer, by policy, against the number of cameras", latency("p99, ms"),
			func(f batch.Figures) float64 { return f.P99 }, false},
		{"batching-served.svg", "Frames served per second, by policy, against the number of cameras", servedAxis,
			func(f batch.Figures) float64 { return f.ServedFPS }, true},
		{"batching-fill.svg", "Mean entries in a batch, by policy, against the number of cameras", func(played) Axis {
			return Axis{Name: "entries in a batch of at most 8", To: 8, Ticks: []float64{0, 2, 4, 6, 8}}
		}, func(f batch.Figures) float64 { return 8 * f.Fill }, false},
	}
}

func (f family) ceiling() float64 {
	return float64(f.Size) / f.Cost.Of(f.Size).Seconds()
}

func servedAxis(p played) Axis {
	a := Axis{Name: "served, frames per second"}
	for _, step := range []float64{25, 100, 200, 400} {
		if a.To = 5 * step; a.To >= 1.1*p.ceiling() {
			for v := 0.; v <= a.To; v += step {
				a.Ticks = append(a.Ticks, v)
			}
			break
		}
	}
	return a
}

func (p plot) svg(all []played) string {
	var panels []Panel
	for _, one := range all {
		panel := Panel{Title: one.title, Axis: p.axis(one)}
		for _, policy := range batch.Policies {
			line := Line{Name: policy}
			for i, f := range one.figures[policy] {
				line.Points = append(line.Points, Point{float64(one.cameras[i]), p.value(f)})
			}
			panel.Lines = append(panel.Lines, line)
		}
		if p.ceiling {
			c := one.ceiling()
			panel.Lines = append(panel.Lines, Line{"full batches, nothing else", []Point{{0, c}, {float64(one.cameras[len(one.cameras)-1]), c}}})
		}
		panels = append(panels, panel)
	}
	return SVG(p.about, panels)
}

// row is one load of the sweep with what each policy made of it.
type row struct {
	batch.Load
	figures []batch.Figures
}

// lost is the rows in which a policy is not the best, as a table.
func lost(rows []row, policy string) string {
	var s strings.Builder
	wins := 0
	for _, r := range rows {
		if batch.IsBest(r.figures, policy, batch.Tie) {
			wins++
		}
	}
	fmt.Fprintf(&s, "`%s` is the best, to within %g %%, in **%d of %d** rows. In the others:\n\n", policy, 100*batch.Tie, wins, len(rows))
	s.WriteString("| cameras | each | cost of n | best | " + strings.Join(batch.Policies, " | ") + " |\n|---|---|---|---|" + strings.Repeat("---|", len(batch.Policies)) + "\n")
	for _, r := range rows {
		if batch.IsBest(r.figures, policy, batch.Tie) {
			continue
		}
		rate := "closed loop"
		if r.FPS > 0 {
			rate = fmt.Sprintf("%g fps", r.FPS)
		}
		fmt.Fprintf(&s, "| %d | %s | %v + %v·n | %s |", r.Feeds, rate, r.Cost.Base, r.Cost.Each, batch.Best(r.figures).Policy)
		for _, f := range r.figures {
			fmt.Fprintf(&s, " %.1f (%.0f) |", f.P99, f.ServedFPS)
		}
		s.WriteString("\n")
	}
	return s.String()
}

// The table's place in the document.
const (
	tableBegins = "<!-- drawn by scripts/plots: begin -->\n"
	tableEnds   = "<!-- drawn by scripts/plots: end -->\n"
)

// placed puts the table into its place in a document.
func placed(document, table string) (string, error) {
	before, rest, begins := strings.Cut(document, tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return "", fmt.Errorf("the document has no lines %q and %q", strings.TrimSpace(tableBegins), strings.TrimSpace(tableEnds))
	}
	return before + tableBegins + table + tableEnds + after, nil
}
