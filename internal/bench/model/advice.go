package model

import (
	"fmt"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/internal/bench/batch"
)

// nearly is the share of the most frames per second that is as good: what is
// left is not worth a longer call, and as much again is lost in measuring, to
// be within 5 % of the best all the same.
const nearly = .975

// Recommend picks the setting with the shortest call among those that serve
// nearly the most; of equals the one with fewer instances, each of which holds
// the model in memory.
func Recommend(points []Point) (best Point) {
	most := 0.
	for _, p := range points {
		most = max(most, p.FPS)
	}
	for _, p := range points {
		switch {
		case p.FPS < nearly*most:
		case best.Size == 0, p.Call < best.Call, p.Call == best.Call && p.Instances < best.Instances:
			best = p
		}
	}
	return best
}

// Fit is the line through the costs of the calls that are as p but for their
// size, by least squares, neither part below 0.
func Fit(points []Point, like Setting) batch.Cost {
	var n, sx, sy, sxx, sxy float64
	for _, p := range points {
		if p.Threads == like.Threads && p.Instances == like.Instances {
			x, y := float64(p.Size), float64(p.Call)
			n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
		}
	}
	if n == 0 {
		return batch.Cost{}
	}
	each := 0.
	if spread := n*sxx - sx*sx; spread > 0 {
		each = max((n*sxy-sx*sy)/spread, 0)
	}
	base := (sy - each*sx) / n
	if base < 0 {
		base, each = 0, sxy/sxx
	}
	return batch.Cost{Base: fine(base), Each: fine(each)}
}

func fine(nanoseconds float64) time.Duration {
	return time.Duration(nanoseconds).Round(10 * time.Microsecond)
}

// Model is the file measured, with what else its config needs to say.
type Model struct{ Path, Library, Labels string }

// YAML is a config's processors with the setting of a point.
func YAML(m Model, p Point) string {
	var s strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&s, format+"\n", args...) }
	line("processors:")
	line("  objects:")
	line("    type: onnx")
	line("    model: %s", quoted(m.Path))
	if m.Library != "" {
		line("    library: %s", quoted(m.Library))
	}
	if m.Labels != "" {
		line("    labels: %s", quoted(m.Labels))
	}
	line("    threads: %d", p.Threads)
	line("    batch:")
	line("      max_batch_size: %d", p.Size)
	line("      instances: %d", p.Instances)
	line("      policy: adaptive")
	line("      target_latency: %v", targetLatency(p.Call))
	return s.String()
}

// targetLatency lets an entry that has just missed a call wait for that one
// and be in the next.
func targetLatency(call time.Duration) time.Duration {
	const step = 10 * time.Millisecond
	return (2*call + step - 1).Truncate(step)
}

// quoted is a YAML string that means the text, whatever is in it: quotes, and
// what looks like a variable of the environment.
func quoted(text string) string {
	return "'" + strings.NewReplacer("'", "''", "${", "$${").Replace(text) + "'"
}
