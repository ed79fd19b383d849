//go:build ledgercontrol

package gstgraph

// The control of the ledger's tests: a build that drops every 100th buffer
// between decoder and slot, uncounted. See scripts/ledger-control.

// #cgo CFLAGS: -DNV_LEDGER_CONTROL
import "C"
