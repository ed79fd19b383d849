package motion

import (
	"slices"
)

// leftover is the part of a region outside of where its known tracks should
// be, without the few cells that stick out of them elsewhere.
func (w *scratch) leftover(r region, known []*track, g grid) region {
	from := len(w.members)
	for _, m := range r.members {
		x, y := int(m)%g.cols, int(m)/g.cols
		if r.shadow && w.kinds[m] == shade || slices.ContainsFunc(known, func(k *track) bool { return k.box.grown(1.5).has(x, y) }) {
			continue
		}
		w.members = append(w.members, m)
	}
	members := w.members[from:len(w.members):len(w.members)]
	if len(members) == 0 {
		return region{}
	}
	return region{box: w.bulk(members, g), cells: len(members), contrast: r.contrast, shadow: r.shadow, members: members}
}

// thinLine is the share of the fullest line of cells below which the lines at
// the ends are no part of the bulk.
const thinLine = .25

// bulk is the box of cells without thin ends.
func (w *scratch) bulk(members []int32, g grid) rect {
	w.perColumn, w.perRow = resized(w.perColumn, g.cols), resized(w.perRow, g.rows)
	clear(w.perColumn)
	clear(w.perRow)
	for _, m := range members {
		w.perColumn[int(m)%g.cols]++
		w.perRow[int(m)/g.cols]++
	}
	x0, x1 := thick(w.perColumn)
	y0, y1 := thick(w.perRow)
	return rect{float64(x0), float64(y0), float64(x1), float64(y1)}
}

// thick is from where to where lines are not thin.
func thick(lines []int) (from, to int) {
	least := thinLine * float64(slices.Max(lines))
	for from = 0; float64(lines[from]) < least; from++ {
	}
	for to = len(lines); float64(lines[to-1]) < least; to-- {
	}
	return from, to
}
