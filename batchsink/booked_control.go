//go:build batchlose || batchtwice

package batchsink

import "sync/atomic"

// Builds with one of these tags miscount one outcome in a million, to show that
// the random schedules find it. The outcomes before seen are taken as sound.
const seen = 999_000

var outcomes atomic.Uint64

func booked() uint64 {
	if outcomes.Add(1)+seen == 1_000_000 {
		return miscounted
	}
	return 1
}
