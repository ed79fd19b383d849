package plots

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/internal/bench/batch"
)

var docs = flag.String("docs", "", "draw the plots into this folder, and the table into its batching.md")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const document = "batching.md"

// TestDraw is what scripts/plots runs.
func TestDraw(t *testing.T) {
	if *docs == "" {
		t.Skip("draws when it is told where to: scripts/plots")
	}
	const seeds = 3
	var all []played
	for _, f := range families() {
		all = append(all, f.play(t, seeds))
	}
	for _, p := range plots() {
		if err := os.WriteFile(filepath.Join(*docs, p.file), []byte(p.svg(all)), 0o644); err != nil {
			t.Error(err)
		}
	}
	path := filepath.Join(*docs, document)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	with, err := placed(string(text), lost(sweep(t, seeds), batchsink.DefaultConfig().Policy))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(with), 0o644); err != nil {
		t.Error(err)
	}
}

// play is a family's figures, each over so many seeds.
func (f family) play(t *testing.T, seeds uint64) played {
	p := played{family: f, figures: map[string][]batch.Figures{}}
	for _, n := range f.cameras {
		f.Feeds = n
		for _, policy := range batch.Policies {
			p.figures[policy] = append(p.figures[policy], figuresOf(t, policy, f.Load, batch.Span{WarmUp: time.Second, For: 10 * time.Second}, seeds))
		}
	}
	return p
}

// sweep is played as the test of the default policy plays it, which has one
// seed.
func sweep(t *testing.T, seeds uint64) (rows []row) {
	for _, l := range batch.Sweep() {
		r := row{Load: l}
		for _, policy := range batch.Policies {
			r.figures = append(r.figures, figuresOf(t, policy, l, batch.SweepSpan(), seeds))
		}
		rows = append(rows, r)
	}
	return rows
}

func figuresOf(t *testing.T, policy string, l batch.Load, s batch.Span, seeds uint64) (f batch.Figures) {
	var runs []batch.Run
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			r, err := batch.Play(t.Context(), policy, l, s, seed+1)
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, r)
		})
	}
	f, err := batch.Summarise(policy, runs)
	if err != nil {
		t.Fatalf("%s, %v: %v", policy, l, err)
	}
	return f
}

// The document shows every plot, and there is every plot that it shows.
func TestTheDocumentShowsThePlots(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "docs")
	text, err := os.ReadFile(filepath.Join(folder, document))
	if err != nil {
		t.Fatal(err)
	}
	var shown, drawn []string
	for _, m := range regexp.MustCompile(`\]\(([^)]*\.svg)\)`).FindAllSubmatch(text, -1) {
		shown = append(shown, string(m[1]))
		if _, err := os.Stat(filepath.Join(folder, string(m[1]))); err != nil {
			t.Error(err)
		}
	}
	for _, p := range plots() {
		drawn = append(drawn, p.file)
	}
	slices.Sort(shown)
	slices.Sort(drawn)
	if !slices.Equal(shown, drawn) {
		t.Errorf("%s shows %v; drawn are %v", document, shown, drawn)
	}
	if _, err := placed(string(text), ""); err != nil {
		t.Error(err)
	}
}
