//go:build ledgercontrol

package gstgraph

// The control build loses every hundredth buffer between the decoder and Go
// without counting it. Tests that compare the books must fail with it.

// #cgo CFLAGS: -DNV_LEDGER_CONTROL
import "C"

// LedgerControl says that this is the control build.
const LedgerControl = true
