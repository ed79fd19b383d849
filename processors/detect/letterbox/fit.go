package letterbox

import (
	"image"
	"math"

	"github.com/nvpipe/nvpipe/frame"
)

// Fit says which part of a picture lies where in a model's input. It is
// comparable.
type Fit struct {
	// Picture is the size of the whole picture, in pixels.
	Picture image.Point
	// Region is the part of it that is meant, never empty.
	Region image.Rectangle
	// Input is where Region lies, in pixels of the input, never empty. It
	// reaches beyond the input where a crop cuts.
	Input image.Rectangle
	// Filled is what the picture fills of the input; the rest is padding.
	Filled image.Rectangle
}

// fit places a region into the input.
func (t Target) fit(picture image.Point, region image.Rectangle) Fit {
	in := t.place(region.Dx(), region.Dy())
	return Fit{
		Picture: picture, Region: region,
		Input: in, Filled: in.Intersect(image.Rect(0, 0, t.Width, t.Height)),
	}
}

// Box maps corners in pixels of the model's input back to the picture,
// normalised and clipped to the region. ok is false when nothing of the box is
// inside the region or a corner is not a number.
func (f Fit) Box(x1, y1, x2, y2 float32) (b frame.Box, ok bool) {
	// Each axis has its own scale: sides are whole pixels.
	x := axisBack{f.Input.Min.X, f.Input.Dx(), f.Region.Min.X, f.Region.Max.X, f.Picture.X}
	y := axisBack{f.Input.Min.Y, f.Input.Dy(), f.Region.Min.Y, f.Region.Max.Y, f.Picture.Y}
	b = frame.Box{XMin: x.back(x1), YMin: y.back(y1), XMax: x.back(x2), YMax: y.back(y2)}
	return b, b.XMin < b.XMax && b.YMin < b.YMax
}

// axisBack is a Fit's way back on one axis: length pixels of the input from
// origin on are the pixels from–to of a side of the picture.
type axisBack struct{ origin, length, from, to, side int }

// back lets NaN through, which no comparison of the caller accepts.
func (a axisBack) back(v float32) float32 {
	if v != v {
		return v
	}
	from, to := float64(a.from), float64(a.to)
	at := from + (float64(v)-float64(a.origin))*(to-from)/float64(a.length)
	return float32(min(max(at, from), to) / float64(a.side))
}

// pixels is a region in whole pixels of a w×h picture: all that it touches,
// within the picture, at least one.
func pixels(r frame.Box, w, h int) image.Rectangle {
	if r == (frame.Box{}) {
		return image.Rect(0, 0, w, h)
	}
	x1, x2 := span(r.XMin, r.XMax, w)
	y1, y2 := span(r.YMin, r.YMax, h)
	return image.Rect(x1, y1, x2, y2)
}

// span is the pixels from–to of a side that low–high touches. A border that is
// within a thousandth of a pixel border is taken to be it: normalising has
// rounded.
func span(low, high float32, side int) (from, to int) {
	const slack = 1e-3
	n := float64(side)
	// In floats until it is within the side: an int may be too small.
	from = int(min(max(math.Floor(float64(low)*n+slack), 0), n-1))
	to = int(min(max(math.Ceil(float64(high)*n-slack), 0), n))
	return from, max(to, from+1)
}
