package overlay

import "github.com/nvpipe/nvpipe/frame"

// rect is in pixels, the end exclusive.
type rect struct{ x0, y0, x1, y1 int }

func (r rect) empty() bool { return r.x0 >= r.x1 || r.y0 >= r.y1 }

func (r rect) clip(o rect) rect {
	return rect{max(r.x0, o.x0), max(r.y0, o.y0), min(r.x1, o.x1), min(r.y1, o.y1)}
}

func (r rect) grow(n int) rect { return rect{r.x0 - n, r.y0 - n, r.x1 + n, r.y1 + n} }

// overlap is the area that both cover.
func (r rect) overlap(o rect) int {
	c := r.clip(o)
	if c.empty() {
		return 0
	}
	return (c.x1 - c.x0) * (c.y1 - c.y0)
}

// canvas draws on the planes of one picture. Everything coloured begins and
// ends at even pixels (or at the picture's edge), where the half-sized colour
// planes can follow exactly.
type canvas struct {
	img   *Image
	black uint8 // luma of black
}

func newCanvas(img *Image) canvas {
	c := canvas{img: img, black: 16}
	if img.FullRange {
		c.black = 0
	}
	return c
}

func (c canvas) bounds() rect { return rect{0, 0, c.img.Width, c.img.Height} }

// fill paints r, from the even pixels at or before its beginning.
func (c canvas) fill(r rect, col yuv) {
	r = rect{r.x0 &^ 1, r.y0 &^ 1, r.x1, r.y1}.clip(c.bounds())
	if r.empty() {
		return
	}
	luma := c.img.Planes[0]
	for y := r.y0; y < r.y1; y++ {
		set(luma.Data[y*luma.Stride+r.x0:y*luma.Stride+r.x1], col.y)
	}
	cx0, cx1 := r.x0/2, (r.x1+1)/2
	for cy := r.y0 / 2; cy < (r.y1+1)/2; cy++ {
		if c.img.Format == frame.NV12 {
			p := c.img.Planes[1]
			row := p.Data[cy*p.Stride+2*cx0 : cy*p.Stride+2*cx1]
			for i := 0; i+1 < len(row); i += 2 {
				row[i], row[i+1] = col.u, col.v
			}
			continue
		}
		u, v := c.img.Planes[1], c.img.Planes[2]
		set(u.Data[cy*u.Stride+cx0:cy*u.Stride+cx1], col.u)
		set(v.Data[cy*v.Stride+cx0:cy*v.Stride+cx1], col.v)
	}
}

func set(row []byte, v byte) {
	for i := range row {
		row[i] = v
	}
}

// shade halves the brightness of r, so that a line stands out on a ground of
// its own colour.
func (c canvas) shade(r rect) {
	r = r.clip(c.bounds())
	if r.empty() {
		return
	}
	luma, black := c.img.Planes[0], int(c.black)
	for y := r.y0; y < r.y1; y++ {
		row := luma.Data[y*luma.Stride+r.x0 : y*luma.Stride+r.x1]
		for i, v := range row {
			row[i] = uint8(black + (max(int(v), black)-black)/2)
		}
	}
}

// plate paints r in the ground's colour, opacity 0–256, and on it the mask in
// the ink's colour. The mask has a row of r's width for each row of r, and is
// used up. r lies within the picture and begins at even pixels.
func (c canvas) plate(r rect, ground yuv, opacity int, ink yuv, mask []uint8) {
	w := r.x1 - r.x0
	luma := c.img.Planes[0]
	mix := newBlend(ground.y, ink.y, opacity)
	for y := r.y0; y < r.y1; y++ {
		mix.row(luma.Data[y*luma.Stride+r.x0:y*luma.Stride+r.x1], 1, mask[(y-r.y0)*w:][:w])
	}
	half := c.halve(mask, w, r.y1-r.y0)
	cw := (w + 1) / 2
	mixU, mixV := newBlend(ground.u, ink.u, opacity), newBlend(ground.v, ink.v, opacity)
	for cy := r.y0 / 2; cy < (r.y1+1)/2; cy++ {
		m := half[(cy-r.y0/2)*cw:][:cw]
		if c.img.Format == frame.NV12 {
			p := c.img.Planes[1]
			row := p.Data[cy*p.Stride+r.x0/2*2:][:2*cw]
			mixU.row(row, 2, m)
			mixV.row(row[1:], 2, m)
			continue
		}
		u, v := c.img.Planes[1], c.img.Planes[2]
		mixU.row(u.Data[cy*u.Stride+r.x0/2:][:cw], 1, m)
		mixV.row(v.Data[cy*v.Stride+r.x0/2:][:cw], 1, m)
	}
}

// blend lays a ground over samples, and the ink over that as far as a mask
// says. By mask value: what is added, and how much of the old sample stays.
type blend struct {
	add  [256]uint16 // × 256
	keep [256]uint16 // of 256
}

func newBlend(ground, ink uint8, opacity int) (b blend) {
	for m := range 256 {
		under := opacity * (255 - m)
		b.add[m] = uint16((under*int(ground) + 256*m*int(ink) + 127) / 255)
		b.keep[m] = uint16(((256-opacity)*(255-m) + 127) / 255)
	}
	return b
}

// row blends every step-th sample.
func (b *blend) row(row []byte, step int, mask []uint8) {
	for i, m := range mask {
		row[i*step] = uint8((int(row[i*step])*int(b.keep[m]) + int(b.add[m])) >> 8)
	}
}

// halve averages a mask for the colour planes, in place: each average is
// written where all it is made of has been read.
func (canvas) halve(mask []uint8, w, h int) []uint8 {
	cw := (w + 1) / 2
	for cy := range (h + 1) / 2 {
		y0, y1 := 2*cy, min(2*cy+1, h-1)
		for cx := range cw {
			x0, x1 := 2*cx, min(2*cx+1, w-1)
			sum := int(mask[y0*w+x0]) + int(mask[y0*w+x1]) + int(mask[y1*w+x0]) + int(mask[y1*w+x1])
			mask[cy*cw+cx] = uint8((sum + 2) / 4)
		}
	}
	return mask
}
