package gstgraph

// Both halves of a graph end in sinks that hand on at once: nothing waits for
// a clock or for preroll, and nothing is kept or dropped where it would not be
// counted.

func sinkProps(caps string) props {
	return props{
		"caps": caps, "sync": false, "async": false, "qos": false, "enable-last-sample": false,
		"wait-on-eos": false, "drop": false, "max-buffers": 4, "emit-signals": false,
	}
}

func discardProps() props {
	return props{"sync": false, "async": false, "qos": false, "enable-last-sample": false}
}

// The caps, segment and times of what is pushed travel with it; the level is
// kept in the shim, because appsrc's own limits only signal.
func appsrcProps() props {
	return props{
		"is-live": true, "format": "time", "do-timestamp": false, "handle-segment-change": true,
		"max-bytes": 0, "max-buffers": maxQueued, "block": false, "emit-signals": false,
	}
}

// Passes through what needs no conversion.
func convertProps() props { return props{"qos": false, "n-threads": 1} }
