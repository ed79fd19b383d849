//go:build race

package batchsink

// raceDetector says whether the test was built with it.
const raceDetector = true
