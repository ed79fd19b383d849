package batchsink

import "math/bits"

// allowance limits calls that are made because of bad frames, retries and
// batches of one feed alone, to one in four in the long run: each shared batch
// earns a third of one. Saved up is at most what it takes to find a feed that
// poisons its batches.
type allowance struct{ calls, most float64 }

func newAllowance(batchSize int) allowance {
	most := float64(max(1, poisonLimit*splitCalls(batchSize)))
	return allowance{most, most}
}

func (a *allowance) earn()             { a.calls = min(a.most, a.calls+1.0/3) }
func (a *allowance) enough(n int) bool { return a.calls >= float64(n) }
func (a *allowance) spend(n int)       { a.calls = max(0, a.calls-float64(n)) }

// splitCalls is the most extra calls that one failed batch of n may cost:
// 2·⌈log₂ n⌉, which finds one bad frame.
func splitCalls(n int) int { return 2 * bits.Len(uint(max(0, n-1))) }
