package letterbox

import (
	"fmt"

	"github.com/nvpipe/nvpipe/frame"
)

// MaxSide bounds a picture's width and height: what the widest codecs can carry.
const MaxSide = 1 << 14

// check says why f is no picture that can be read: an unknown format, sides
// not of 1–MaxSide, planes shorter than they must be.
func check(f *frame.Frame) error {
	if f.Width < 1 || f.Height < 1 || f.Width > MaxSide || f.Height > MaxSide {
		return fmt.Errorf("picture is %d×%d pixels, sides must be 1–%d", f.Width, f.Height, MaxSide)
	}
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	switch f.Format {
	case frame.I420:
		return checkPlanes(f, [3]extent{{f.Width, f.Height}, {cw, ch}, {cw, ch}})
	case frame.NV12:
		return checkPlanes(f, [3]extent{{f.Width, f.Height}, {2 * cw, ch}})
	}
	return fmt.Errorf("picture's format is %s, must be I420 or NV12", f.Format)
}

// extent is the rows of a plane and the bytes of each; zero where there is no plane.
type extent struct{ bytes, rows int }

// within reports whether p has all rows. A stride beyond the data is refused
// first, so that no product is too large for an int.
func (e extent) within(p frame.Plane) bool {
	if e.rows == 0 {
		return true
	}
	return p.Stride >= e.bytes && (e.rows == 1 || p.Stride <= len(p.Data)) && len(p.Data) >= p.Stride*(e.rows-1)+e.bytes
}

func checkPlanes(f *frame.Frame, want [3]extent) error {
	for i, e := range want {
		if p := f.Planes[i]; !e.within(p) {
			return fmt.Errorf("plane %d of a %d×%d %s picture has stride %d and %d bytes, too little for %d rows of %d",
				i, f.Width, f.Height, f.Format, p.Stride, len(p.Data), e.rows, e.bytes)
		}
	}
	return nil
}

// checkRegion says why a region is none. Zero is all of the picture, and what
// lies outside it will be cut.
func checkRegion(r frame.Box) error {
	if !(r.XMin <= r.XMax && r.YMin <= r.YMax) { // NaN too
		return fmt.Errorf("region is x %v–%v, y %v–%v, must not be inverted", r.XMin, r.XMax, r.YMin, r.YMax)
	}
	return nil
}
