package letterbox

import (
	"github.com/nvpipe/nvpipe/frame"
)

// Converter turns pictures into one kind of input. It is immutable.
type Converter struct {
	target Target
	colour map[colourKey]*colour
	writer writer
}

// colourKey is what a picture's colours depend on.
type colourKey struct{ bt709, fullRange bool }

// NewConverter makes the tables for t, which must be valid.
func NewConverter(t Target) *Converter {
	c := &Converter{target: t, writer: newWriter(t), colour: map[colourKey]*colour{}}
	for _, key := range []colourKey{{false, false}, {false, true}, {true, false}, {true, true}} {
		c.colour[key] = newColour(key)
	}
	return c
}

// Target is what the converter was made for.
func (c *Converter) Target() Target { return c.target }

// Fit says where a region of f will lie in the input. A zero region is all of
// the picture; another is widened to whole pixels and cut to the picture. Fit
// fails when f is no picture that can be read (an unknown format, sides not of
// 1–MaxSide, planes too short) or the region is inverted or not a number.
func (c *Converter) Fit(f *frame.Frame, region frame.Box) (Fit, error) {
	if err := check(f); err != nil {
		return Fit{}, err
	}
	if err := checkRegion(region); err != nil {
		return Fit{}, err
	}
	all := pixels(frame.Box{}, f.Width, f.Height)
	return c.target.fit(all.Max, pixels(region, f.Width, f.Height)), nil
}

// Convert writes a picture, padding included, to dst: Target.Size bytes,
// aligned for the target's type. fit must be what Fit says of f, and f
// readable until Convert returns.
func (c *Converter) Convert(dst []byte, f *frame.Frame, fit Fit, s *Scratch) {
	c.Pad(dst, fit)
	c.Picture(dst, f, fit, s)
}

// Pad writes only what lies outside the picture. It is the same for every Fit
// with the same Filled.
func (c *Converter) Pad(dst []byte, fit Fit) { c.writer.around(dst, fit.Filled) }

// Picture writes only the picture and leaves what lies outside it alone.
func (c *Converter) Picture(dst []byte, f *frame.Frame, fit Fit, s *Scratch) {
	s.prepare(f.Format, fit)
	k := c.colour[colourKey{f.Matrix == frame.BT709, f.FullRange}]
	r, g, b := s.levels[0], s.levels[1], s.levels[2]
	if c.target.Order == BGR {
		r, b = b, r
	}
	for row := range fit.Filled.Dy() {
		if c.target.Order == Grey {
			s.greyRow(f, k, row, s.levels[0])
		} else {
			s.colourRow(f, k, row, r, g, b)
		}
		c.writer.row(dst, fit.Filled.Min.X, fit.Filled.Min.Y+row, &s.levels)
	}
}
