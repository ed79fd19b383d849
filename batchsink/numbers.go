package batchsink

import "github.com/nvpipe/nvpipe/frame"

// failWithoutNumbers fails the entries of a call whose boxes or confidences are
// no numbers. An accelerator in trouble answers so, and nobody downstream could
// compare them.
func failWithoutNumbers(call []frame.Entry) {
	for i := range call {
		e := &call[i]
		for k := range e.Output.Detections {
			if d := &e.Output.Detections[k]; e.Err == nil && !finite(d.Confidence, d.Box.XMin, d.Box.YMin, d.Box.XMax, d.Box.YMax) {
				e.Output, e.Err = frame.Output{}, ErrNoNumber
				break
			}
		}
	}
}

// finite reports whether all are numbers: what is not, or infinite, differs
// from itself by something else than 0.
func finite(values ...float32) bool {
	for _, v := range values {
		if v-v != 0 {
			return false
		}
	}
	return true
}
