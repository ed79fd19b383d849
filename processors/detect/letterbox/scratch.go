package letterbox

import "github.com/nvpipe/nvpipe/frame"

// line is a part of a plane that begins with what is needed of a row. Its
// length is a constant so that a masked offset, and the bytes after it, need no
// bounds check.
type line [lineMask + 1 + 8]byte

// lineMask holds the offset of every sample of the longest row.
const lineMask = MaxSide - 1

// Scratch is what a conversion needs besides its picture. It keeps the tables
// of the latest Fit, which makes the next picture of the same kind cheaper. The
// zero value is ready; one goroutine at a time may use it.
type Scratch struct {
	fit    Fit
	format frame.Format

	lumaX, lumaY, chromaX, chromaY axis

	// Rows that lie at the end of a plane.
	first, second line
	// The two scaled rows that are interpolated between. Rows come in ascending
	// order, so a row and the next one always have different places; lumaAt and
	// chromaAt say which are there.
	luma             [2][]uint16
	chroma           [2][]uint32 // Cb in the lower half, Cr in the upper
	lumaAt, chromaAt [2]int

	levels [3][]uint8 // of a row of the output
}

// prepare makes s ready for a picture that lies at fit.
func (s *Scratch) prepare(format frame.Format, fit Fit) {
	s.lumaAt, s.chromaAt = [2]int{-1, -1}, [2]int{-1, -1}
	if s.fit == fit && s.format == format {
		return
	}
	s.fit, s.format = fit, format
	x := stretch{fit.Filled.Min.X, fit.Filled.Max.X, fit.Input.Min.X, fit.Input.Dx(), fit.Region.Min.X, fit.Region.Dx()}
	y := stretch{fit.Filled.Min.Y, fit.Filled.Max.Y, fit.Input.Min.Y, fit.Input.Dy(), fit.Region.Min.Y, fit.Region.Dy()}
	distance := 1
	if format == frame.NV12 {
		distance = 2
	}
	s.lumaX.set(x, grid{fit.Picture.X, 1, 0}, 1)
	s.lumaY.set(y, grid{fit.Picture.Y, 1, 0}, 1)
	s.chromaX.set(x, grid{(fit.Picture.X + 1) / 2, 2, 0}, distance)
	s.chromaY.set(y, grid{(fit.Picture.Y + 1) / 2, 2, 0.5}, 1)
	for i := range 2 {
		s.luma[i] = room(s.luma[i], fit.Filled.Dx())
		s.chroma[i] = room(s.chroma[i], fit.Filled.Dx())
	}
	for i := range s.levels {
		s.levels[i] = room(s.levels[i], fit.Filled.Dx())
	}
}

// room is s with n elements and space for some more: the assembly works on
// pixels by the eight.
func room[T any](s []T, n int) []T {
	const step = 8
	if n += step - 1; cap(s) < n {
		s = make([]T, n)
	}
	return s[:n-step+1]
}

// colourRow computes the levels of a row of the output; the slices say where
// those of red, green and blue go.
func (s *Scratch) colourRow(f *frame.Frame, k *colour, row int, r, g, b []uint8) {
	luma, lumaWeight := s.lumaRows(f, row)
	chroma, chromaWeight := s.chromaRows(f, row)
	convert(r, g, b, luma, lumaWeight, chroma, chromaWeight, k)
}

// greyRow computes the levels of a row of the output from luma alone.
func (s *Scratch) greyRow(f *frame.Frame, k *colour, row int, out []uint8) {
	luma, weight := s.lumaRows(f, row)
	convertGrey(out, luma, weight, k)
}

func (s *Scratch) lumaRows(f *frame.Frame, out int) (rows [2][]uint16, weight uint32) {
	first, next, weight := s.lumaY.rows(out)
	for i, row := range [2]int{first, next} {
		if rows[i] = s.luma[row%2]; s.lumaAt[row%2] != row {
			s.lumaAt[row%2] = row
			scaleLuma(rows[i], s.lumaX.taps, s.first.of(f.Planes[0], row, &s.lumaX))
		}
	}
	return rows, weight
}

func (s *Scratch) chromaRows(f *frame.Frame, out int) (rows [2][]uint32, weight uint32) {
	first, next, weight := s.chromaY.rows(out)
	for i, row := range [2]int{first, next} {
		if rows[i] = s.chroma[row%2]; s.chromaAt[row%2] != row {
			s.chromaAt[row%2] = row
			s.scaleChroma(rows[i], f, row)
		}
	}
	return rows, weight
}

func (s *Scratch) scaleChroma(out []uint32, f *frame.Frame, row int) {
	x := &s.chromaX
	first := s.first.of(f.Planes[1], row, x)
	if f.Format == frame.NV12 {
		scalePairs(out, x.taps, first)
		return
	}
	scalePlanes(out, x.taps, first, s.second.of(f.Planes[2], row, x))
}

// of is what x needs of a plane's row, in place unless the plane ends before a
// line would: then in l.
func (l *line) of(p frame.Plane, row int, x *axis) *line {
	rest := p.Data[row*p.Stride+x.from:]
	if len(rest) >= len(l) {
		return (*line)(rest)
	}
	copy(l[:], rest[:x.to-x.from])
	return l
}
