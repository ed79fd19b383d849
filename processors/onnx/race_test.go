//go:build race

package onnx

// raceDetector: pools forget at random, so allocations are not counted.
const raceDetector = true
