package overlay

import (
	"errors"

	"github.com/nvpipe/nvpipe/frame"
)

// Image is a picture to draw on, in place.
type Image struct {
	Format        frame.Format
	Width, Height int
	Planes        [3]frame.Plane
	Matrix        frame.Matrix
	FullRange     bool
}

// ErrImage is what drawing returns for a picture whose format is not I420 or
// NV12, or whose planes are shorter than its size needs; nothing is drawn then.
var ErrImage = errors.New("overlay: not a whole I420 or NV12 picture")

func (m *Image) check() error {
	cw, ch := (m.Width+1)/2, (m.Height+1)/2
	ok := m.Width > 0 && m.Height > 0 && covers(m.Planes[0], m.Width, m.Height)
	switch m.Format {
	case frame.I420:
		ok = ok && covers(m.Planes[1], cw, ch) && covers(m.Planes[2], cw, ch)
	case frame.NV12:
		ok = ok && covers(m.Planes[1], 2*cw, ch)
	default:
		ok = false
	}
	if !ok {
		return ErrImage
	}
	return nil
}

func covers(p frame.Plane, width, height int) bool {
	return p.Stride >= width && len(p.Data) >= (height-1)*p.Stride+width
}

// newI420 is a black picture in Go's memory.
func newI420(width, height int, matrix frame.Matrix) Image {
	cw, ch := (width+1)/2, (height+1)/2
	return Image{
		Format: frame.I420, Width: width, Height: height, Matrix: matrix,
		Planes: [3]frame.Plane{
			{Data: make([]byte, width*height), Stride: width},
			{Data: make([]byte, cw*ch), Stride: cw},
			{Data: make([]byte, cw*ch), Stride: cw},
		},
	}
}
