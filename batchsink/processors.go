package batchsink

// Processors are those that take batches now, in order of their instances. They
// stay the coordinator's: call only what their type allows beside Process, such
// as figures of its own.
func (h *Handle) Processors() []Processor {
	h.mu.Lock()
	defer h.mu.Unlock()
	var serving []Processor
	for _, l := range h.lanes {
		for _, in := range l.instances {
			if w := in.worker; w != nil && w.phase != starting && w.phase != closing {
				serving = append(serving, w.processor)
			}
		}
	}
	return serving
}
