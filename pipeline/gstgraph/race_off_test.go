//go:build !race

package gstgraph

const raceEnabled = false
