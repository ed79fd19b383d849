//go:build batchtwice

package batchsink

// miscounted: outcome number 1,000,000 is counted twice.
const miscounted = 2
