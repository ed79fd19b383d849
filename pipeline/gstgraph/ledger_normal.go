//go:build !ledgercontrol

package gstgraph

// LedgerControl says whether this build loses frames on purpose: see
// ledger_control.go.
const LedgerControl = false
