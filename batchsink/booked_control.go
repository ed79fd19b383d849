//go:build batchlose || batchtwice

package batchsink

import "sync/atomic"

// Builds with one of these tags miscount one outcome in a million, to show that
// the random schedules find it. The outcomes before are taken as seen.
var outcomes atomic.Uint64

func init() { outcomes.Store(999_000) }

func booked() uint64 {
	if outcomes.Add(1) == 1_000_000 {
		return miscounted
	}
	return 1
}
