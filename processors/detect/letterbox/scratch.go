package letterbox

import "github.com/nvpipe/nvpipe/frame"

// line is a part of a row of a plane. Its length is a constant so that a
// masked offset, and the bytes after it, need no bounds check.
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
	// Rows of the plane that are in work.
	luma, cb, cr window
	// One row of the output: chroma, then the levels of each channel.
	chroma []uint64
	levels [3][]uint16
}

// prepare makes s ready for a picture that lies at fit.
func (s *Scratch) prepare(f *frame.Frame, fit Fit) {
	s.luma.forget()
	s.cb.forget()
	s.cr.forget()
	if s.fit == fit && s.format == f.Format {
		return
	}
	s.fit, s.format = fit, f.Format
	x := stretch{fit.Filled.Min.X, fit.Filled.Max.X, fit.Input.Min.X, fit.Input.Dx(), fit.Region.Min.X, fit.Region.Dx()}
	y := stretch{fit.Filled.Min.Y, fit.Filled.Max.Y, fit.Input.Min.Y, fit.Input.Dy(), fit.Region.Min.Y, fit.Region.Dy()}
	s.lumaX.set(x, grid{fit.Picture.X, 1, 0})
	s.lumaY.set(y, grid{fit.Picture.Y, 1, 0})
	s.chromaX.set(x, grid{(fit.Picture.X + 1) / 2, 2, 0})
	s.chromaY.set(y, grid{(fit.Picture.Y + 1) / 2, 2, 0.5})
	if f.Format == frame.NV12 {
		s.chromaX.spread(2)
	}
	s.chroma = resized(s.chroma, fit.Filled.Dx())
	for i := range s.levels {
		s.levels[i] = resized(s.levels[i], fit.Filled.Dx())
	}
}

func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// window holds the two rows of a plane that are interpolated between. Rows come
// in ascending order, so a row and the next one always have different places.
type window struct {
	lines [2]line
	at    [2]int
}

func (w *window) forget() { w.at = [2]int{-1, -1} }

// pair returns a row and the next one, the bytes from–to of each.
func (w *window) pair(p frame.Plane, row, next, from, to int) (top, bottom *line) {
	return w.row(p, row, from, to), w.row(p, next, from, to)
}

func (w *window) row(p frame.Plane, row, from, to int) *line {
	slot := row % 2
	if w.at[slot] != row {
		w.at[slot] = row
		copy(w.lines[slot][:], p.Data[row*p.Stride:][from:to])
	}
	return &w.lines[slot]
}
