package overlay

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"github.com/nvpipe/nvpipe/frame"
)

var (
	slateTitle    = color.RGBA{0xF1, 0xF4, 0xF7, 0xFF}
	slateSubtitle = color.RGBA{0x9B, 0xA6, 0xB2, 0xFF}
	slateIcon     = color.RGBA{0xE6, 0x9F, 0x00, 0xFF}
)

// Slate makes the picture that viewers see while a camera gives none: a title,
// such as the feed's name, and below it a subtitle of any number of lines, such
// as "No signal" and since when. It is I420 in limited range, BT.709 from 720
// lines on. Sizes are 16–8192 pixels; others are brought into that.
func Slate(width, height int, title, subtitle string) Image {
	width, height = min(max(width, 16), 8192), min(max(height, 16), 8192)
	rgba := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(rgba, rgba.Bounds(), image.NewUniform(color.RGBA{slate.r, slate.g, slate.b, 0xFF}), image.Point{}, draw.Src)

	unit := math.Min(float64(height), float64(width)*0.75)
	icon := unit * 0.2
	titleFace := fit(boldFont(), unit*0.085, title, width)
	lines := strings.Split(subtitle, "\n")
	lineFace := fit(regularFont(), unit*0.048, longest(lines), width)
	titleHeight, lineHeight := lineSpace(titleFace), lineSpace(lineFace)

	total := icon + unit*0.05 + titleHeight + unit*0.015 + lineHeight*float64(len(lines))
	y := (float64(height) - total) / 2
	drawCamera(rgba, float64(width)/2, y+icon/2, icon)
	y += icon + unit*0.05
	centre(rgba, titleFace, y, title, slateTitle)
	y += titleHeight + unit*0.015
	for _, line := range lines {
		centre(rgba, lineFace, y, line, slateSubtitle)
		y += lineHeight
	}
	return toI420(rgba)
}

// fit makes a face in which a text takes no more than nine tenths of the width.
func fit(f *opentype.Font, pixels float64, text string, width int) font.Face {
	pixels = math.Max(pixels, 6)
	face := newFace(f, pixels)
	room := float64(width) * 0.9
	if w := float64(font.MeasureString(face, text).Ceil()); w > room {
		face = newFace(f, math.Max(pixels*room/w, 4))
	}
	return face
}

func longest(lines []string) (long string) {
	for _, l := range lines {
		if len(l) > len(long) {
			long = l
		}
	}
	return long
}

func lineSpace(f font.Face) float64 { return float64(f.Metrics().Height.Ceil()) }

func centre(dst *image.RGBA, f font.Face, y float64, text string, c color.Color) {
	w := font.MeasureString(f, text)
	d := font.Drawer{Dst: dst, Src: image.NewUniform(c), Face: f, Dot: fixed.Point26_6{
		X: (fixed.I(dst.Bounds().Dx()) - w) / 2,
		Y: fixed.Int26_6(y*64) + f.Metrics().Ascent,
	}}
	d.DrawString(text)
}

// drawCamera draws a struck-out camera of that size around a point.
func drawCamera(dst *image.RGBA, cx, cy, size float64) {
	side := int(math.Ceil(size)) + 2
	corner := image.Pt(int(math.Floor(cx))-side/2, int(math.Floor(cy))-side/2)
	mask := image.NewAlpha(image.Rect(0, 0, side, side))
	path := vector.NewRasterizer(side, side)
	at := func(x, y float64) (float32, float32) {
		return float32(cx + x*size - float64(corner.X)), float32(cy + y*size - float64(corner.Y))
	}
	polygon := func(points ...[2]float64) {
		path.MoveTo(at(points[0][0], points[0][1]))
		for _, p := range points[1:] {
			path.LineTo(at(p[0], p[1]))
		}
		path.ClosePath()
	}
	paint := func(c color.Color) {
		path.DrawOp = draw.Src
		path.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
		draw.DrawMask(dst, mask.Bounds().Add(corner), image.NewUniform(c), image.Point{}, mask, image.Point{}, draw.Over)
		path.Reset(side, side)
	}
	roundedBox(path, at, -0.5, -0.28, 0.22, 0.28, 0.07)
	polygon([2]float64{0.27, -0.06}, [2]float64{0.5, -0.22}, [2]float64{0.5, 0.22}, [2]float64{0.27, 0.06})
	paint(slateSubtitle)
	// The bar is wider in the ground's colour first, which sets it off.
	bar := func(half float64) {
		d := half / math.Sqrt2
		polygon([2]float64{-0.44 - d, -0.42 + d}, [2]float64{-0.44 + d, -0.42 - d},
			[2]float64{0.40 + d, 0.42 - d}, [2]float64{0.40 - d, 0.42 + d})
	}
	bar(0.085)
	paint(color.RGBA{slate.r, slate.g, slate.b, 0xFF})
	bar(0.035)
	paint(slateIcon)
}

func roundedBox(path *vector.Rasterizer, at func(x, y float64) (float32, float32), x0, y0, x1, y1, r float64) {
	curve := func(cx, cy, x, y float64) {
		bx, by := at(cx, cy)
		px, py := at(x, y)
		path.QuadTo(bx, by, px, py)
	}
	path.MoveTo(at(x0+r, y0))
	path.LineTo(at(x1-r, y0))
	curve(x1, y0, x1, y0+r)
	path.LineTo(at(x1, y1-r))
	curve(x1, y1, x1-r, y1)
	path.LineTo(at(x0+r, y1))
	curve(x0, y1, x0, y1-r)
	path.LineTo(at(x0, y0+r))
	curve(x0, y0, x0+r, y0)
	path.ClosePath()
}

// toI420 converts a picture, averaging colours over two by two pixels.
func toI420(src *image.RGBA) Image {
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	matrix := frame.BT601
	if h >= 720 {
		matrix = frame.BT709
	}
	img := newI420(w, h, matrix)
	luma := img.Planes[0]
	at := func(x, y int) rgb {
		i := src.PixOffset(min(x, w-1), min(y, h-1))
		return rgb{src.Pix[i], src.Pix[i+1], src.Pix[i+2]}
	}
	// Most of a slate is its ground, and conversion is the same for equal pixels.
	ground := slate.samples(matrix, false)
	convert := func(c rgb) yuv {
		if c == slate {
			return ground
		}
		return c.samples(matrix, false)
	}
	for y := range h {
		for x := range w {
			luma.Data[y*luma.Stride+x] = convert(at(x, y)).y
		}
	}
	for cy := range (h + 1) / 2 {
		for cx := range (w + 1) / 2 {
			c := convert(average(at(2*cx, 2*cy), at(2*cx+1, 2*cy), at(2*cx, 2*cy+1), at(2*cx+1, 2*cy+1)))
			img.Planes[1].Data[cy*img.Planes[1].Stride+cx] = c.u
			img.Planes[2].Data[cy*img.Planes[2].Stride+cx] = c.v
		}
	}
	return img
}

func average(c ...rgb) rgb {
	var r, g, b int
	for _, c := range c {
		r, g, b = r+int(c.r), g+int(c.g), b+int(c.b)
	}
	n := len(c)
	return rgb{uint8((r + n/2) / n), uint8((g + n/2) / n), uint8((b + n/2) / n)}
}
