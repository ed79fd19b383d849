//go:build race

package detect

// raceDetector: pools forget at random, so allocations are not counted.
const raceDetector = true
