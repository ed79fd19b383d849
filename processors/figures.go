package processors

import "strings"

// Figured is what a [Processor] may be too: it shows figures of its own, beside
// those that its caller counts. Figures may be called at any time, from any
// goroutine.
type Figured interface {
	Figures() []Figure
}

// Figure is one number. Those of several processors of a kind are added up.
type Figure struct {
	// Name in metrics, without the program's prefix; what ends in _total only
	// grows.
	Name string
	// Help says what it is, in a sentence.
	Help string
	// Label and Of tell figures of one name apart: "endpoint" and its address.
	// Empty: there is one.
	Label, Of string
	Value     float64
}

// Total: the figure only grows.
func (f Figure) Total() bool { return strings.HasSuffix(f.Name, "_total") }
