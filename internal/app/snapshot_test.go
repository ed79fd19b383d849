package app

import "testing"

// Two feeds that share a file of events show it once: metrics with the same
// labels twice are refused, and with them all others.
func TestASharedOutputIsShownOnce(t *testing.T) {
	var s Snapshot
	for _, o := range []OutputSnapshot{
		{Kind: "events", Path: "e.jsonl", Written: 3}, {Kind: "file", Feed: "a", Path: "films"},
		{Kind: "events", Path: "e.jsonl", Written: 3}, {Kind: "file", Feed: "b", Path: "films"},
	} {
		s.addOutput(o)
	}
	if len(s.Outputs) != 3 {
		t.Errorf("%+v", s.Outputs)
	}
}
