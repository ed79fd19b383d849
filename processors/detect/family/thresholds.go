package family

// Thresholds is the least confidence, 0–1, for each class, +Inf for one that is
// not wanted.
type Thresholds struct {
	Class []float32
	// Other is that of classes beyond them.
	Other float32
	// Floor is the least of all.
	Floor float32
}

func (t Thresholds) of(class int) float32 {
	if class < len(t.Class) {
		return t.Class[class]
	}
	return t.Other
}
