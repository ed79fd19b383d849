package eventlog

import "github.com/nvpipe/nvpipe/frame"

// AppendDetections appends a JSON array of detections in the form that events
// have (docs/events.md). A detection with a number that is none is left out.
func AppendDetections(b []byte, all []frame.Detection) []byte {
	return append(appendDetections(append(b, '['), all, false), ']')
}
