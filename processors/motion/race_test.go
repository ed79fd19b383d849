//go:build race

package motion

// raceDetector: the long runs over scenes have one goroutine each, so that the
// race detector would find nothing in them and take minutes.
const raceDetector = true
