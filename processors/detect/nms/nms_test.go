package nms

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func box(x, y, w, h, score float32, class int32) Candidate {
	return Candidate{X1: x, Y1: y, X2: x + w, Y2: y + h, Score: score, Class: class}
}

func TestSuppress(t *testing.T) {
	big, shifted, far := box(0, 0, 10, 10, .9, 0), box(1, 0, 10, 10, .8, 0), box(50, 0, 10, 10, .7, 0)
	other := box(1, 0, 10, 10, .8, 1)
	tie, tie2 := box(0, 0, 10, 10, .5, 0), box(0, 0, 10, 10, .5, 0)
	tie2.Index = 1
	for _, c := range []struct {
		name  string
		in    []Candidate
		iou   float32
		limit int
		want  []Candidate
	}{
		{"nothing", nil, .5, 10, nil},
		{"the lower of two goes", []Candidate{shifted, big}, .5, 10, []Candidate{big}},
		{"apart, both stay", []Candidate{far, big}, .5, 10, []Candidate{big, far}},
		{"classes do not suppress each other", []Candidate{other, big}, .5, 10, []Candidate{big, other}},
		{"overlap equal to the limit stays", []Candidate{big, shifted}, 9. / 11, 10, []Candidate{big, shifted}},
		{"limit", []Candidate{far, big}, .5, 1, []Candidate{big}},
		{"ties go by index", []Candidate{tie2, tie}, .5, 10, []Candidate{tie}},
		{"iou 1 keeps all", []Candidate{tie, tie2}, 1, 10, []Candidate{tie, tie2}},
		{"empty boxes do not suppress", []Candidate{box(5, 5, 0, 0, .9, 0), box(5, 5, 0, 0, .8, 0)}, 0, 10,
			[]Candidate{box(5, 5, 0, 0, .9, 0), box(5, 5, 0, 0, .8, 0)}},
	} {
		if got := (Rule{IoU: c.iou, Limit: c.limit}).Keep(slices.Clone(c.in)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// What suppression means, checked on random boxes: what is kept does not
// overlap, and whatever went was overlapped by something better of its class.
func TestSuppressProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		in := make([]Candidate, rng.IntN(200))
		for i := range in {
			in[i] = box(rng.Float32()*50, rng.Float32()*50, rng.Float32()*20, rng.Float32()*20,
				float32(rng.IntN(20))/20, int32(rng.IntN(3)))
			in[i].Index = int32(i)
		}
		iou := rng.Float32()
		kept := (Rule{IoU: iou, Limit: len(in) + 1}).Keep(slices.Clone(in))
		for i, a := range kept {
			for _, b := range kept[:i] {
				if a.Class == b.Class && a.IoU(b) > iou {
					t.Fatalf("%v and %v are both kept at %v", a, b, iou)
				}
			}
		}
		for _, c := range in {
			if slices.Contains(kept, c) {
				continue
			}
			if !slices.ContainsFunc(kept, func(k Candidate) bool {
				return byScore(k, c) < 0 && k.Class == c.Class && k.IoU(c) > iou
			}) {
				t.Fatalf("%v went for nothing", c)
			}
		}
		shuffled := slices.Clone(in)
		rng.Shuffle(len(in), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if again := (Rule{IoU: iou, Limit: len(in) + 1}).Keep(shuffled); !slices.Equal(again, kept) {
			t.Fatal("the order of the candidates matters")
		}
	}
}

// plainly is the rule written without care for speed: a candidate stands if
// nothing better that stands competes with it and overlaps it.
func plainly(r Rule, c []Candidate) []Candidate {
	sorted := slices.Clone(c)
	slices.SortStableFunc(sorted, byScore)
	stands := make([]bool, len(sorted))
	var kept []Candidate
	for i, one := range sorted {
		stands[i] = true
		for k, better := range sorted[:i] {
			competes := r.Mode == Agnostic || r.Mode == ByClass && better.Class == one.Class
			if stands[k] && competes && plainIoU(better, one) > float64(r.IoU)+1e-6 {
				stands[i] = false
			}
		}
		if stands[i] && len(kept) < r.Limit {
			kept = append(kept, one)
		}
	}
	return kept
}

func plainIoU(a, b Candidate) float64 {
	area := func(x1, y1, x2, y2 float32) float64 {
		return math.Max(float64(x2)-float64(x1), 0) * math.Max(float64(y2)-float64(y1), 0)
	}
	both := area(max(a.X1, b.X1), max(a.Y1, b.Y1), min(a.X2, b.X2), min(a.Y2, b.Y2))
	if both == 0 {
		return 0
	}
	return both / (area(a.X1, a.Y1, a.X2, a.Y2) + area(b.X1, b.Y1, b.X2, b.Y2) - both)
}

// Boxes lie on a coarse grid and the threshold off its ratios, so that rounding
// decides nothing.
func TestEachModeIsAsWrittenPlainly(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		in := make([]Candidate, rng.IntN(150))
		for i := range in {
			in[i] = box(float32(rng.IntN(20)), float32(rng.IntN(20)), float32(rng.IntN(9)), float32(rng.IntN(9)),
				float32(rng.IntN(40))/40, int32(rng.IntN(3)))
			in[i].Index = int32(i)
		}
		for _, mode := range []Mode{ByClass, Agnostic, Off} {
			r := Rule{Mode: mode, IoU: .05 + .9*rng.Float32(), Limit: 1 + rng.IntN(200)}
			want := plainly(r, in)
			got := r.Keep(slices.Clone(in))
			if !slices.Equal(got, want) {
				t.Fatalf("mode %d: %d kept, plainly %d:\n%v\n%v", mode, len(got), len(want), got, want)
			}
			if !slices.IsSortedFunc(got, byScore) {
				t.Fatalf("mode %d: not best first: %v", mode, got)
			}
			if again := r.Keep(slices.Clone(got)); !slices.Equal(again, got) {
				t.Fatalf("mode %d: a second time %d of %d stay", mode, len(again), len(got))
			}
		}
	}
}

func TestSuppressIsBounded(t *testing.T) {
	in := make([]Candidate, 3*MaxCandidates)
	for i := range in {
		in[i] = box(float32(i)*10, 0, 5, 5, float32(i)/float32(len(in)), 0)
	}
	kept := Rule{IoU: .5, Limit: len(in)}.Keep(in)
	if len(kept) != MaxCandidates {
		t.Fatalf("%d kept, want the best %d", len(kept), MaxCandidates)
	}
	if lowest := kept[len(kept)-1].Score; lowest < 0.66 {
		t.Errorf("a score of %v was kept in place of a better one", lowest)
	}
}

func TestSuppressAllocatesNothing(t *testing.T) {
	in := []Candidate{box(0, 0, 9, 9, .1, 0), box(1, 1, 9, 9, .9, 0), box(2, 2, 9, 9, .5, 1)}
	if n := testing.AllocsPerRun(20, func() { Rule{IoU: .5, Limit: 10}.Keep(in) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
