// Package memory watches how much memory the process has, native memory
// included, which Go's own figures do not show: it tells a leak, and ends the
// program in good order before the kernel does it in bad.
//
// Every 10 s the resident memory is read, and each minute's mean compared with the
// one before. The memory is growing if over the last 7 to 10 minutes it grew by
// more than 1 MiB a minute, and would do so even if the true growth were six
// standard errors less than it seems. So noise is no growth, and neither are the
// sawtooth of a garbage collector, the step of something that was added, and
// pools that fill: the minutes then differ too much from each other.
//
// The first three minutes do not count, nor those after [Watch.Settle].
package memory
