package eventlog

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

func example() (*frame.Frame, *frame.Finding) {
	f := &frame.Frame{
		Feed: "front-door", Seq: 4711, PTS: 188_440 * time.Millisecond, Discontinuity: 2,
		Captured:     time.Date(2026, 11, 23, 16, 22, 33, 120_450_000, time.FixedZone("CET", 3600)),
		CapturedFrom: frame.FromSenderReport,
	}
	return f, &frame.Finding{Processor: "people", Result: &frame.Result{
		Output: frame.Output{Detections: []frame.Detection{
			{Class: 0, Label: "person", Confidence: .8731, Box: frame.Box{XMin: .41204, YMin: .22, XMax: .53, YMax: .9125}},
			{Class: 39, Label: "bottle", Confidence: .5, Box: frame.Box{XMin: 0, YMin: 0, XMax: 1, YMax: 1}},
		}},
		Timings: frame.Timings{
			Queue: 1200 * time.Microsecond, BatchWait: 8 * time.Millisecond,
			Inference: 21_345_678, Total: 30_600 * time.Microsecond,
		},
		BatchSize: 4,
	}}
}

// exampleOfCrops is what a second processor says of the first one's detections.
func exampleOfCrops() (*frame.Frame, *frame.Finding) {
	f, found := example()
	found.Processor, found.Of = "clothes", "people"
	found.Result.Output.Detections = []frame.Detection{
		{Class: 3, Label: "red jacket", Confidence: .91, Box: frame.Box{XMin: .40024, YMin: .15075, XMax: .5418, YMax: .98175}, Parent: 0},
	}
	found.Result.Partial = true
	found.Result.BatchSize = 3
	return f, found
}

func exampleOfView() *View {
	f, _ := example()
	return &View{
		Feed: f.Feed, Event: "lens_covered", Seq: f.Seq, PTS: f.PTS,
		Captured: f.Captured, CapturedFrom: f.CapturedFrom, Epoch: 2,
	}
}

// TestDocumentedLine holds docs/events.md and the code together: the page shows
// exactly the lines that the code writes for the examples.
func TestDocumentedLine(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{string(appendView(nil, exampleOfView()))}
	for _, show := range []func() (*frame.Frame, *frame.Finding){example, exampleOfCrops} {
		f, found := show()
		lines = append(lines, string(appendLine(nil, f, found)))
	}
	for _, line := range lines {
		if !strings.Contains(string(page), "\n"+line) {
			t.Errorf("docs/events.md does not show the line\n%s", line)
		}
		for _, key := range keys(t, line) {
			if !strings.Contains(string(page), "`"+key+"`") {
				t.Errorf("docs/events.md does not explain `%s`", key)
			}
		}
	}
}

// keys lists every key in a line, dotted.
func keys(t *testing.T, line string) (all []string) {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		t.Fatal(err)
	}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, v := range v {
				all = append(all, prefix+k)
				walk(prefix+k+".", v)
			}
		case []any:
			for _, v := range v[:min(1, len(v))] {
				walk(prefix, v)
			}
		}
	}
	walk("", v)
	return all
}

func TestHostileStringsStayOneLineOfJSON(t *testing.T) {
	for _, s := range []string{"", `"`, `\`, "a\nb", "a\x00b", "Straße", "\xff\xfe", "</script>", "\u2028"} {
		f, found := example()
		found.Processor = s
		found.Result.Output.Detections[0].Label = s
		line := string(appendLine(nil, f, found))
		if strings.Count(line, "\n") != 1 {
			t.Errorf("%q makes %q", s, line)
		}
		var e struct {
			Processor  string
			Detections []struct{ Class string }
		}
		want := strings.ToValidUTF8(s, "\ufffd")
		if s == "\xff\xfe" {
			want = "\ufffd\ufffd"
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Processor != want || e.Detections[0].Class != want {
			t.Errorf("%q came back as %q, %v", s, e.Processor, err)
		}
	}
}

func TestDetectionsThatAreNoneAreLeftOut(t *testing.T) {
	f, found := example()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	found.Result.Output.Detections = []frame.Detection{
		{Confidence: nan}, {Box: frame.Box{XMin: inf}}, {Box: frame.Box{XMin: inf, XMax: -inf}}, {Label: "real"},
	}
	var e struct{ Detections []struct{ Class string } }
	line := appendLine(nil, f, found)
	if err := json.Unmarshal(line, &e); err != nil || len(e.Detections) != 1 || e.Detections[0].Class != "real" {
		t.Errorf("%s: %v", line, err)
	}
}

func TestWithoutCaptureTimeItIsTheArrival(t *testing.T) {
	f, found := example()
	f.Captured, f.Arrived = time.Time{}, time.Unix(1, 5)
	if line := string(appendLine(nil, f, found)); !strings.Contains(line, `"captured_at":"1970-01-01T00:00:01.000000005Z"`) {
		t.Error(line)
	}
}

func TestLongLinesAreRefused(t *testing.T) {
	q := newQueue(4 << 20)
	f, found := example()
	if !q.add(f, found) {
		t.Fatal("refused")
	}
	found.Result.Output.Detections = make([]frame.Detection, 20_000)
	if q.add(f, found) || q.waiting() != 1 {
		t.Error("a line longer than any reader wants was accepted")
	}
}

func TestDeliverDoesNotAllocate(t *testing.T) {
	q := newQueue(1 << 20)
	f, found := example()
	cycle := func() {
		for range 10 {
			q.add(f, found)
		}
		q.wrote(q.take())
	}
	cycle()
	cycle()
	if n := testing.AllocsPerRun(100, cycle); n > 0 {
		t.Errorf("%v allocations per 10 lines", n)
	}
}

func BenchmarkDeliver(b *testing.B) {
	q := newQueue(4 << 20)
	f, found := example()
	b.ReportAllocs()
	for b.Loop() {
		if !q.add(f, found) {
			q.wrote(q.take())
		}
	}
}
