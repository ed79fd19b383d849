package overlay

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/nvpipe/nvpipe/frame"
)

// maxLabel is how many letters of a class name are shown.
const maxLabel = 40

// appendLabel writes what stands on a plate: "person 87%", and for an old
// finding "person 87% · 2.5 s ago".
func (c Config) appendLabel(b []byte, d *frame.Detection, age time.Duration) []byte {
	if d.Label == "" && d.Class >= 0 {
		b = append(b, '#')
		b = strconv.AppendInt(b, int64(d.Class), 10)
	}
	letters := 0
	for _, r := range d.Label {
		if letters++; letters > maxLabel {
			b = append(b, "…"...)
			break
		}
		b = utf8.AppendRune(b, r)
	}
	if percent := int(d.Confidence*100 + 0.5); c.Confidence && percent >= 0 && percent <= 100 {
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, int64(percent), 10)
		b = append(b, '%')
	}
	if age > 0 {
		b = append(b, " · "...)
		b = strconv.AppendFloat(b, age.Seconds(), 'f', 1, 64)
		b = append(b, " s ago"...)
	}
	return b
}

// place finds where a plate of that size goes for a box: above it, or where
// else it covers the least of the plates that stand already.
func place(box rect, w, h int, bounds rect, placed []rect) rect {
	candidates := [...][2]int{
		{box.x0, box.y0 - h},     // above, left
		{box.x1 - w, box.y0 - h}, // above, right
		{box.x0, box.y0},         // inside, above
		{box.x0, box.y1},         // below
		{box.x1 - w, box.y1},     // below, right
		{box.x0, box.y1 - h},     // inside, below
		{box.x1, box.y0},         // beside, right
		{box.x0 - w, box.y0},     // beside, left
	}
	var best rect
	least := -1
	for _, at := range candidates {
		r := within(at[0], at[1], w, h, bounds)
		covered := 0
		for _, p := range placed {
			covered += r.overlap(p)
		}
		if least < 0 || covered < least {
			best, least = r, covered
		}
		if least == 0 {
			break
		}
	}
	return best
}

// within moves a plate into the picture, to even pixels.
func within(x, y, w, h int, bounds rect) rect {
	x = max(0, min(x, bounds.x1-w)) &^ 1
	y = max(0, min(y, bounds.y1-h)) &^ 1
	return rect{x, y, x + w, y + h}
}
