package letterbox

import (
	"math"

	"github.com/nvpipe/nvpipe/frame"
)

// Fit says where a picture lies within a model's input: scaled without
// distortion to Width×Height, its top left corner at (X, Y), the rest padding.
type Fit struct {
	SourceWidth, SourceHeight int
	X, Y, Width, Height       int
}

// TopLeft fits a w×h picture into the top left corner of a width×height input,
// as large as it goes. All four must be positive.
//
// The shorter side is cut down to whole pixels, as the detectors' own code
// does; it is computed in integers, where a floating-point ratio would lose a
// whole pixel now and then. A side never vanishes.
func TopLeft(w, h, width, height int) Fit {
	f := Fit{SourceWidth: w, SourceHeight: h, Width: width, Height: height}
	if width*h <= height*w {
		f.Height = max(1, h*width/w)
	} else {
		f.Width = max(1, w*height/h)
	}
	return f
}

// Box maps corners in pixels of the model's input back to the picture,
// normalised and clipped to it. ok is false when nothing of the box is inside
// the picture or a corner is not a number.
func (f Fit) Box(x1, y1, x2, y2 float32) (b frame.Box, ok bool) {
	// The scale of each axis is its own: the side that was cut to whole pixels
	// is scaled a little less than the other.
	sx, sy := 1/float32(f.Width), 1/float32(f.Height)
	b = frame.Box{
		XMin: clip((x1 - float32(f.X)) * sx), YMin: clip((y1 - float32(f.Y)) * sy),
		XMax: clip((x2 - float32(f.X)) * sx), YMax: clip((y2 - float32(f.Y)) * sy),
	}
	return b, b.XMin < b.XMax && b.YMin < b.YMax
}

// clip limits v to 0–1 and lets NaN through, which no comparison of the caller accepts.
func clip(v float32) float32 {
	if math.IsNaN(float64(v)) {
		return v
	}
	return min(max(v, 0), 1)
}
