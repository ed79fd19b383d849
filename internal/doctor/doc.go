// Package doctor says what a machine has and lacks to run nvpipe on it, what
// that means, and the command that mends it.
//
// [Gather] looks at the machine, once and without changing anything; [Examine]
// judges what it has seen, and looks at nothing itself.
package doctor
