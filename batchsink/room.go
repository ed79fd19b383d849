package batchsink

// countDepths works out the queue's bound after feeds came or left. mu is held.
func (h *Handle) countDepths() {
	h.depths, h.attached = 0, 0
	for _, lane := range h.lanes {
		for _, l := range lane.former.lines {
			h.depths += l.depth
			h.attached++
		}
	}
	h.capacity = h.cfg.capacity(h.depths)
}

// hasRoom says whether the queue takes n more entries of a line. As long as the
// capacity covers every feed's cap, it does. Below that each feed has an equal
// part to itself, and what is left over goes to who comes first: so a feed
// within its part is never refused because of another. mu is held.
func (h *Handle) hasRoom(l *line, n int) bool {
	if h.depths <= h.capacity {
		return true
	}
	own := h.capacity / h.attached
	beyond := l.length + n - own
	if beyond <= 0 {
		return true
	}
	common := h.capacity - beyond
	for _, lane := range h.lanes {
		for _, other := range lane.former.lines {
			common -= min(other.depth, own)
			if other != l {
				common -= max(0, other.length-own)
			}
		}
	}
	return common >= 0
}

// queueLength is how many entries wait in all lanes. mu is held.
func (h *Handle) queueLength() (n int) {
	for _, lane := range h.lanes {
		for _, l := range lane.former.lines {
			n += l.length
		}
	}
	return n
}
