// Package archtest holds the house rules that a test can check: which package
// may import which, where cgo and the big libraries may be used, and a few
// habits. It has no code of its own; the rules are in its tests, each with its
// reason and with a control that shows that it can fail.
//
// A rule that is in the way is changed here, in the same commit as the code
// that needs it, with the reason.
package archtest
