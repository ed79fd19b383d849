package offline

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"

	"github.com/nvpipe/nvpipe/frame"
)

// frameOf is the picture as I420. A JPEG with quartered colours keeps its
// samples, and its memory; other colours are averaged over 2×2 pixels.
// Transparency shows black.
func frameOf(img image.Image) *frame.Frame {
	size := img.Bounds().Size()
	f := &frame.Frame{Feed: "picture", Seq: 1, Format: frame.I420, Width: size.X, Height: size.Y, Matrix: frame.BT601, FullRange: true}
	f.Init(nil)
	switch img := img.(type) {
	case *image.YCbCr:
		f.Planes[0] = frame.Plane{Data: img.Y, Stride: img.YStride}
		if img.SubsampleRatio == image.YCbCrSubsampleRatio420 {
			f.Planes[1] = frame.Plane{Data: img.Cb, Stride: img.CStride}
			f.Planes[2] = frame.Plane{Data: img.Cr, Stride: img.CStride}
			break
		}
		min := img.Rect.Min
		quarter(f, func(x, y int) (uint8, uint8) {
			at := img.COffset(min.X+x, min.Y+y)
			return img.Cb[at], img.Cr[at]
		})
	case *image.Gray:
		f.Planes[0] = frame.Plane{Data: img.Pix, Stride: img.Stride}
		stride, rows := (size.X+1)/2, (size.Y+1)/2
		grey := bytes.Repeat([]byte{128}, stride*rows)
		f.Planes[1] = frame.Plane{Data: grey, Stride: stride}
		f.Planes[2] = f.Planes[1]
	default:
		fromRGB(f, img)
	}
	return f
}

// quarter averages what colour says of each pixel into the frame's colour planes.
func quarter(f *frame.Frame, colour func(x, y int) (cb, cr uint8)) {
	stride, rows := (f.Width+1)/2, (f.Height+1)/2
	cb, cr := make([]byte, stride*rows), make([]byte, stride*rows)
	for cy := range rows {
		for cx := range stride {
			var sumB, sumR, n int
			for y := 2 * cy; y < min(2*cy+2, f.Height); y++ {
				for x := 2 * cx; x < min(2*cx+2, f.Width); x++ {
					b, r := colour(x, y)
					sumB, sumR, n = sumB+int(b), sumR+int(r), n+1
				}
			}
			cb[cy*stride+cx], cr[cy*stride+cx] = uint8((sumB+n/2)/n), uint8((sumR+n/2)/n)
		}
	}
	f.Planes[1] = frame.Plane{Data: cb, Stride: stride}
	f.Planes[2] = frame.Plane{Data: cr, Stride: stride}
}

func fromRGB(f *frame.Frame, img image.Image) {
	rgb, ok := img.(*image.RGBA)
	if !ok {
		rgb = image.NewRGBA(image.Rect(0, 0, f.Width, f.Height))
		draw.Draw(rgb, rgb.Rect, img, img.Bounds().Min, draw.Src)
	}
	luma := make([]byte, f.Width*f.Height)
	f.Planes[0] = frame.Plane{Data: luma, Stride: f.Width}
	quarter(f, func(x, y int) (uint8, uint8) {
		p := rgb.Pix[y*rgb.Stride+4*x:]
		l, cb, cr := color.RGBToYCbCr(p[0], p[1], p[2])
		luma[y*f.Width+x] = l
		return cb, cr
	})
}
