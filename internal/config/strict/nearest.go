package strict

import "strings"

// nearest is the allowed name most like the given one, or "" when none is
// close enough to be meant.
func nearest(name string, allowed []string) string {
	if len(name) > 64 {
		return ""
	}
	lower := strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	best, bestDistance := "", 1+max(1, len(name)/3)
	for _, candidate := range allowed {
		if d := distance(lower, candidate); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance counts insertions, deletions, substitutions and swaps of neighbours
// between a and b (optimal string alignment).
func distance(a, b string) int {
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}

// Suggest ends a message about a name that is not among the allowed ones:
// "did you mean …?" or the list of what is allowed.
func Suggest(name string, allowed []string) string {
	if n := nearest(name, allowed); n != "" {
		return `did you mean "` + n + `"?`
	}
	if len(allowed) == 0 {
		return "nothing is allowed here"
	}
	return "allowed here: " + strings.Join(allowed, ", ")
}
