package letterbox

import (
	"fmt"

	"github.com/nvpipe/nvpipe/frame"
)

// MaxSide bounds a picture's width and height: what the widest codecs can carry.
const MaxSide = 16384

// Source is the kind of picture a Converter is made for. It is comparable.
type Source struct {
	Format        frame.Format
	Width, Height int
	Matrix        frame.Matrix
	FullRange     bool
}

// SourceOf is the kind of f, after checking that f is a picture that can be
// read: a known format, sides of 1–MaxSide, planes as long as they must be.
func SourceOf(f *frame.Frame) (Source, error) {
	if f.Width < 1 || f.Height < 1 || f.Width > MaxSide || f.Height > MaxSide {
		return Source{}, fmt.Errorf("picture is %d×%d pixels, sides must be 1–%d", f.Width, f.Height, MaxSide)
	}
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	var rows [3]struct{ bytes, count int }
	rows[0].bytes, rows[0].count = f.Width, f.Height
	planes := 0
	switch f.Format {
	case frame.I420:
		planes = 3
		rows[1].bytes, rows[1].count = cw, ch
		rows[2] = rows[1]
	case frame.NV12:
		planes = 2
		rows[1].bytes, rows[1].count = 2*cw, ch
	default:
		return Source{}, fmt.Errorf("picture's format is %s, must be I420 or NV12", f.Format)
	}
	for i, r := range rows[:planes] {
		p := f.Planes[i]
		if p.Stride < r.bytes || len(p.Data) < p.Stride*(r.count-1)+r.bytes {
			return Source{}, fmt.Errorf("plane %d of a %d×%d %s picture has stride %d and %d bytes, too little for %d rows of %d",
				i, f.Width, f.Height, f.Format, p.Stride, len(p.Data), r.count, r.bytes)
		}
	}
	return Source{f.Format, f.Width, f.Height, f.Matrix, f.FullRange}, nil
}
