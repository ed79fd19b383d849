package letterbox

import (
	"github.com/nvpipe/nvpipe/frame"
)

// Order is the order of the colour planes in a tensor.
type Order uint8

// The orders that models are trained with.
const (
	BGR Order = iota
	RGB
)

// Target describes a model's input: one picture is 3 planes of Height rows of
// Width values, in Order.
type Target struct {
	Width, Height int
	Order         Order
	// Pad is the level (0–255) outside the picture.
	Pad uint8
	// A level v becomes (v − Mean[c]) × Scale[c], c in Order.
	Mean, Scale [3]float32
}

// Raw is a target that takes levels as they are, 0–255.
func Raw(width, height int, order Order, pad uint8) Target {
	return Target{Width: width, Height: height, Order: order, Pad: pad, Scale: [3]float32{1, 1, 1}}
}

// Len is the number of values of one picture.
func (t Target) Len() int { return 3 * t.Width * t.Height }

// Converter turns pictures of one kind into one kind of input. It is immutable.
type Converter struct {
	// Fit says where the picture lies in the input.
	Fit Fit

	target             Target
	format             frame.Format
	luma, chroma       []tap // columns
	lumaRow, chromaRow []tap
	colour             colour
	level              [3]*levels // of red, green and blue
	plane              [3]int     // where red, green and blue go
}

// NewConverter makes the tables for pictures of kind s, which must come from
// SourceOf.
func NewConverter(s Source, t Target) *Converter {
	fit := TopLeft(s.Width, s.Height, t.Width, t.Height)
	cw, ch := (s.Width+1)/2, (s.Height+1)/2
	c := &Converter{
		Fit:       fit,
		target:    t,
		format:    s.Format,
		luma:      newTaps(fit.Width, s.Width, s.Width, 1, 0),
		lumaRow:   newTaps(fit.Height, s.Height, s.Height, 1, 0),
		chroma:    newTaps(fit.Width, s.Width, cw, 2, 0),
		chromaRow: newTaps(fit.Height, s.Height, ch, 2, 0.5),
		colour:    newColour(s.Matrix, s.FullRange),
	}
	if s.Format == frame.NV12 {
		c.chroma = interleaved(c.chroma)
	}
	for rgb := range c.plane {
		at := rgb
		if t.Order == BGR {
			at = 2 - rgb
		}
		c.plane[rgb] = at
		c.level[rgb] = newLevels(t.Mean[at], t.Scale[at])
	}
	return c
}

// Convert writes f into dst, which has Target.Len values, padding included.
// f must be of the Converter's kind, and readable until Convert returns.
func (c *Converter) Convert(f *frame.Frame, dst []float32, s *Scratch) {
	c.Pad(dst)
	c.Picture(f, dst, s)
}

// Pad writes only what lies outside the picture. It is the same for all
// pictures of one Fit.
func (c *Converter) Pad(dst []float32) {
	area := c.target.Width * c.target.Height
	for at := range 3 {
		plane := dst[at*area : (at+1)*area]
		v := (float32(c.target.Pad) - c.target.Mean[at]) * c.target.Scale[at]
		if right := c.target.Width - c.Fit.Width; right > 0 {
			for y := range c.Fit.Height {
				fill(plane[(y+1)*c.target.Width-right:(y+1)*c.target.Width], v)
			}
		}
		fill(plane[c.Fit.Height*c.target.Width:], v)
	}
}

func fill(s []float32, v float32) {
	for i := range s {
		s[i] = v
	}
}

// Picture writes only the picture and leaves what lies outside it alone.
func (c *Converter) Picture(f *frame.Frame, dst []float32, s *Scratch) {
	s.reset(c.Fit.Width)
	area, width := c.target.Width*c.target.Height, c.target.Width
	for row := range c.Fit.Height {
		y := c.lumaRow[row]
		y0, y1 := s.lumaRow(c, f, y.a), s.lumaRow(c, f, y.b)
		uv := c.chromaRow[row]
		c0, c1 := s.chromaRow(c, f, uv.a), s.chromaRow(c, f, uv.b)
		at := row * width
		c.blend(dst[c.plane[0]*area+at:], dst[c.plane[1]*area+at:], dst[c.plane[2]*area+at:],
			y0, y1, c0, c1, int64(y.w), int64(uv.w))
	}
}

// blend mixes two rows, already scaled horizontally, and writes them as RGB.
func (c *Converter) blend(r, g, b []float32, y0, y1 []uint32, c0, c1 []pair, wy, wc int64) {
	n := len(y0)
	r, g, b, y1, c0, c1 = r[:n], g[:n], b[:n], y1[:n], c0[:n], c1[:n]
	red, green, blue := c.level[0], c.level[1], c.level[2]
	k := c.colour
	for i, top := range y0 {
		luma := k.y * (int64(top)<<weightBits + (int64(y1[i])-int64(top))*wy)
		p, q := c0[i], c1[i]
		u := int64(p.u)<<weightBits + (int64(q.u)-int64(p.u))*wc
		v := int64(p.v)<<weightBits + (int64(q.v)-int64(p.v))*wc
		r[i] = red[uint(luma+k.rv*v+k.r)>>levelShift%levelCount]
		g[i] = green[uint(luma+k.gu*u+k.gv*v+k.g)>>levelShift%levelCount]
		b[i] = blue[uint(luma+k.bu*u+k.b)>>levelShift%levelCount]
	}
}
