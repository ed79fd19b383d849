package main

import (
	"image"
	"math/rand/v2"

	"github.com/nvpipe/nvpipe/internal/scene"
)

// view is the part of a picture that is seen and its size in the input, whose
// top left corner it takes.
type view struct {
	left, top, width, height float64 // of the part, in pixels of the picture
	outWidth, outHeight      int
	pictureW, pictureH       float64
}

// randomView shows half of the pictures as a whole, as large as they fit;
// others larger and cut, or smaller.
func randomView(w, h int, rng *rand.Rand) view {
	v := view{width: float64(w), height: float64(h), pictureW: float64(w), pictureH: float64(h)}
	room := 1.0
	switch rng.IntN(4) {
	case 0:
		room = .7 + .3*rng.Float64()
	case 1:
		part := .65 + .35*rng.Float64()
		v.width, v.height = part*v.pictureW, part*v.pictureH
		v.left, v.top = rng.Float64()*(v.pictureW-v.width), rng.Float64()*(v.pictureH-v.height)
	}
	scale := room * min(inputWidth/v.width, inputHeight/v.height)
	v.outWidth, v.outHeight = int(scale*v.width), int(scale*v.height)
	return v
}

// padding is what surrounds a picture in a letterbox.
const padding = 114

// sample fills the input: bilinear between sample centres, as the product
// does, converted from BT.601 or BT.709 in video range.
func (v view) sample(p *image.YCbCr, bt709 bool, out *[inputHeight][inputWidth][3]uint8) {
	rv, gu, gv, bu := 1.596, .392, .813, 2.017
	if bt709 {
		rv, gu, gv, bu = 1.793, .213, .533, 2.112
	}
	for y := range inputHeight {
		for x := range inputWidth {
			if x >= v.outWidth || y >= v.outHeight {
				out[y][x] = [3]uint8{padding, padding, padding}
				continue
			}
			sx := v.left + (float64(x)+.5)*v.width/float64(v.outWidth)
			sy := v.top + (float64(y)+.5)*v.height/float64(v.outHeight)
			luma := 1.164 * (bilinear(p.Y, p.YStride, p.Rect.Dx(), p.Rect.Dy(), sx, sy) - 16)
			w, h := (p.Rect.Dx()+1)/2, (p.Rect.Dy()+1)/2
			cb := bilinear(p.Cb, p.CStride, w, h, sx/2, sy/2) - 128
			cr := bilinear(p.Cr, p.CStride, w, h, sx/2, sy/2) - 128
			out[y][x] = [3]uint8{level(luma + bu*cb), level(luma - gu*cb - gv*cr), level(luma + rv*cr)}
		}
	}
}

func level(v float64) uint8 { return uint8(min(max(v+.5, 0), 255)) }

// bilinear is the value at x, y, where sample 0 covers 0–1.
func bilinear(samples []byte, stride, w, h int, x, y float64) float64 {
	x, y = min(max(x-.5, 0), float64(w-1)), min(max(y-.5, 0), float64(h-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, w-1), min(y0+1, h-1)
	fx, fy := x-float64(x0), y-float64(y0)
	top := float64(samples[y0*stride+x0])*(1-fx) + float64(samples[y0*stride+x1])*fx
	bottom := float64(samples[y1*stride+x0])*(1-fx) + float64(samples[y1*stride+x1])*fx
	return top*(1-fy) + bottom*fy
}

// truth is where the view shows an object; what the view cuts off is not
// visible.
func (v view) truth(o scene.Object) truth {
	left, right := float64(o.Box.XMin)*v.pictureW-v.left, float64(o.Box.XMax)*v.pictureW-v.left
	top, bottom := float64(o.Box.YMin)*v.pictureH-v.top, float64(o.Box.YMax)*v.pictureH-v.top
	whole := (right - left) * (bottom - top)
	left, right = max(left, 0), min(right, v.width)
	top, bottom = max(top, 0), min(bottom, v.height)
	if left >= right || top >= bottom {
		return truth{Class: -1}
	}
	sx, sy := float64(v.outWidth)/v.width, float64(v.outHeight)/v.height
	return truth{
		Class: float32(o.Kind),
		Left:  float32(left * sx), Top: float32(top * sy), Right: float32(right * sx), Bottom: float32(bottom * sy),
		Visible: float32(o.Visible * (right - left) * (bottom - top) / whole),
	}
}
