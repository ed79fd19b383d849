package processortest

import (
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Fill says what a pixel of a test picture looks like: full range luma and
// chroma, 128 being no colour.
type Fill func(x, y int) (luma, u, v byte)

// Gray fills a picture with one luma.
func Gray(luma byte) Fill {
	return func(int, int) (byte, byte, byte) { return luma, 128, 128 }
}

// Noise fills a picture with colours that look random and depend on the seed alone.
func Noise(seed uint64) Fill {
	return func(x, y int) (byte, byte, byte) {
		h := seed ^ uint64(x)*0x9E3779B97F4A7C15 ^ uint64(y)*0xC2B2AE3D27D4EB4F
		h = (h ^ h>>29) * 0xBF58476D1CE4E5B9
		h ^= h >> 32
		return byte(h), byte(h >> 8), byte(h >> 16)
	}
}

// padding is what the bytes past the end of a row hold: a processor that reads
// them as picture sees something.
const padding = 0xEE

// Frame makes a picture as a decoder would: rows padded to a stride larger
// than the width, chroma of odd sizes rounded up. Chroma is taken from the
// top left pixel of each 2×2. The caller holds its one reference and sets
// Feed, Seq and PTS if they matter.
//
// Width or height below 1 and formats but I420 and NV12 panic.
func Frame(width, height int, format frame.Format, fill Fill) *frame.Frame {
	if width < 1 || height < 1 {
		panic(fmt.Sprintf("processortest: a frame of %d×%d", width, height))
	}
	f := &frame.Frame{
		Feed: "test", Seq: 1, Duration: 40 * time.Millisecond,
		Format: format, Width: width, Height: height,
	}
	f.Init(nil)
	cw, ch := (width+1)/2, (height+1)/2
	f.Planes[0] = plane(width, height)
	switch format {
	case frame.I420:
		f.Planes[1], f.Planes[2] = plane(cw, ch), plane(cw, ch)
	case frame.NV12:
		f.Planes[1] = plane(2*cw, ch)
	default:
		panic(fmt.Sprintf("processortest: a frame of format %v", format))
	}
	paint(f, fill)
	return f
}

func plane(rowBytes, rows int) frame.Plane {
	p := frame.Plane{Stride: (rowBytes+15)/16*16 + 16}
	p.Data = make([]byte, p.Stride*rows)
	for i := range p.Data {
		p.Data[i] = padding
	}
	return p
}

func paint(f *frame.Frame, fill Fill) {
	for y := range f.Height {
		for x := range f.Width {
			luma, u, v := fill(x, y)
			f.Planes[0].Data[y*f.Planes[0].Stride+x] = luma
			if x%2 == 0 && y%2 == 0 {
				setChroma(f, x/2, y/2, u, v)
			}
		}
	}
}

func setChroma(f *frame.Frame, cx, cy int, u, v byte) {
	if f.Format == frame.NV12 {
		row := f.Planes[1].Data[cy*f.Planes[1].Stride:]
		row[2*cx], row[2*cx+1] = u, v
		return
	}
	f.Planes[1].Data[cy*f.Planes[1].Stride+cx] = u
	f.Planes[2].Data[cy*f.Planes[2].Stride+cx] = v
}

// Poison overwrites the picture, as happens to a decoder's memory that goes
// back to its pool.
func Poison(f *frame.Frame) {
	for _, p := range f.Planes {
		for i := range p.Data {
			p.Data[i] = 0xA5
		}
	}
}
