package batch

import "time"

// Sweep is the loads by which the default policy is chosen: calls whose cost is
// flat, mixed and in proportion to size, by few and many cameras, slow and fast.
func Sweep() (loads []Load) {
	const ms = time.Millisecond
	for _, cost := range []Cost{{5 * ms, 0}, {20 * ms, 0}, {4 * ms, ms}, {2 * ms, 4 * ms}, {0, 10 * ms}} {
		for _, fps := range []float64{0, 5, 15, 30} {
			for _, feeds := range []int{1, 4, 7, 16, 40} {
				loads = append(loads, Load{Feeds: feeds, FPS: fps, Size: 8, Window: 50 * ms, Cost: cost})
			}
		}
	}
	return loads
}

// SweepSpan is how long each load of the sweep is played.
func SweepSpan() Span { return Span{WarmUp: time.Second, For: 4 * time.Second} }

// Tie is the lead, as a share, that is no lead: the phases of the cameras decide
// on as much.
const Tie = .02

// Best is the policy with the lowest p99 among those that serve at least 99 %
// of what the best serves.
func Best(rows []Figures) (best Figures) {
	for _, f := range eligible(rows) {
		if best.Policy == "" || f.P99 < best.P99 {
			best = f
		}
	}
	return best
}

// IsBest says whether a policy is, to within a share of tie, as good as the
// best.
func IsBest(rows []Figures, policy string, tie float64) bool {
	least := Best(rows).P99
	for _, f := range eligible(rows) {
		if f.Policy == policy {
			return f.P99 <= least*(1+tie)
		}
	}
	return false
}

func eligible(rows []Figures) (enough []Figures) {
	most := 0.
	for _, f := range rows {
		most = max(most, f.ServedFPS)
	}
	for _, f := range rows {
		if f.ServedFPS >= .99*most {
			enough = append(enough, f)
		}
	}
	return enough
}
