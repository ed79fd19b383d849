package letterbox

import (
	"image"
	"math"
)

// place is where a picture of w×h pixels lies in the input, all of it, sides
// at least one pixel. What the published code of the models rounds in floating
// point is rounded the same way here.
func (t Target) place(w, h int) image.Rectangle {
	switch t.Mode {
	case Centred:
		return centred(w, h, t.Width, t.Height)
	case Stretch:
		return image.Rect(0, 0, t.Width, t.Height)
	case CentreCrop:
		return centreCrop(w, h, t.Width, t.Height, t.Shorter)
	}
	return topLeft(w, h, t.Width, t.Height)
}

// topLeft computes in integers, where a floating-point ratio would lose a whole
// pixel now and then.
func topLeft(w, h, width, height int) image.Rectangle {
	if width*h <= height*w {
		return image.Rect(0, 0, width, max(1, h*width/w))
	}
	return image.Rect(0, 0, max(1, w*height/h), height)
}

func centred(w, h, width, height int) image.Rectangle {
	ratio := min(float64(width)/float64(w), float64(height)/float64(h))
	scaled := image.Pt(rounded(float64(w)*ratio), rounded(float64(h)*ratio))
	// The published left border is the half rest − 0.1, rounded: rounded down.
	return sized((width-scaled.X)/2, (height-scaled.Y)/2, scaled)
}

// centreCrop follows the usual "resize the shorter side, crop the centre": the
// longer side is cut down to whole pixels.
func centreCrop(w, h, width, height, shorter int) image.Rectangle {
	var scaled image.Point
	switch {
	case shorter == 0 && width*h >= height*w: // the width decides what covers the input
		scaled = image.Pt(width, max(height, h*width/w))
	case shorter == 0:
		scaled = image.Pt(max(width, w*height/h), height)
	case w <= h:
		scaled = image.Pt(shorter, h*shorter/w)
	default:
		scaled = image.Pt(w*shorter/h, shorter)
	}
	return sized(-int(math.RoundToEven(float64(scaled.X-width)/2)), -int(math.RoundToEven(float64(scaled.Y-height)/2)), scaled)
}

func sized(x, y int, size image.Point) image.Rectangle {
	return image.Rectangle{Max: size}.Add(image.Pt(x, y))
}

func rounded(v float64) int { return max(1, int(math.RoundToEven(v))) }
