package family

import (
	"slices"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// matrix is the shape [rows, columns] of a graph's only output; 0: open.
func (g Graph) matrix() (rows, columns int64, ok bool) {
	if len(g.Outputs) != 1 || !g.holds(0, 3, floats...) {
		return 0, 0, false
	}
	s := g.Outputs[0].Shape
	return s[1].Size, s[2].Size, true
}

var (
	floats   = []tensor.Type{tensor.Float32, tensor.Float16, tensor.Float64}
	integers = []tensor.Type{tensor.Int64, tensor.Int32}
)

// holds: output i has so many dimensions, one of the types, and the input's
// batch as its first dimension.
func (g Graph) holds(i, dims int, types ...tensor.Type) bool {
	v := g.Outputs[i]
	return len(v.Shape) == dims && slices.Contains(types, v.Type) && fits(v.Shape[0].Size, g.Batch)
}

// fits: one of two dimensions is open, or they are the same.
func fits(a, b int64) bool { return a == 0 || b == 0 || a == b }

// named: n is the number of names given.
func (g Graph) named(n int64) bool { return g.Classes > 0 && int64(g.Classes) == n }

// tells: n is the number of the model's own names or, where it has none, that
// of COCO's classes as the family counts them.
func (g Graph) tells(n, coco int64) bool {
	if g.Own {
		return g.named(n)
	}
	return n == coco
}

// likely: n is the number of names given or, without, that of COCO's classes.
func (g Graph) likely(n int64) bool { return g.named(n) || g.Classes == 0 && n == cocoClasses }

// COCO's classes: most models number them from 0, some take COCO's own numbers,
// 1–90, as they are.
const (
	cocoClasses = 80
	cocoIDs     = 91
)

// columns is the number of a row's values, of which other are no classes, and
// the number of classes: by the model or, where it leaves that open, by the
// names given.
func (g Graph) columns(size, other int64) (columns int64, classes int) {
	switch {
	case size != 0:
		return size, int(size - other)
	case g.Classes != 0:
		return other + int64(g.Classes), g.Classes
	}
	return Open, 0
}
