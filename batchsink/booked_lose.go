//go:build batchlose

package batchsink

// miscounted: outcome number 1,000,000 is lost.
const miscounted = 0
