package letterbox

import (
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Whatever the picture says of itself, Fit refuses it or it is converted
// without a panic and without a value that no level becomes, and nothing beside
// the input is written.
func FuzzConvert(f *testing.F) {
	f.Add(uint8(0), 64, 36, 64, 32, 64*36, 32*18, float32(0), float32(0), float32(0), float32(0), 48, 40, uint16(0))
	f.Add(uint8(1), 1, 1, 1, 2, 1, 2, float32(0), float32(0), float32(1), float32(1), 1, 1, uint16(1))
	f.Add(uint8(1), 31, 17, 40, 33, 40*17, 33*9, float32(0.5), float32(0.4), float32(0.6), float32(0.45), 16, 9, uint16(0x1ff))
	f.Add(uint8(0), 3, 200, 5, 2, 1000, 200, float32(-1), float32(2), float32(7), float32(9), 7, 30, uint16(0x2a5))
	f.Add(uint8(2), 0, -4, -1, 0, 0, 0, float32(1), float32(1), float32(0), float32(0), 2, 2, uint16(7))
	f.Add(uint8(1), 8192, 2, 8192, 8192, 16384, 8192, float32(0.9), float32(0), float32(1), float32(1), 64, 64, uint16(0x155))
	f.Add(uint8(0), 2, 17, 1<<60, 2, 64, 64, float32(0), float32(0), float32(0), float32(0), 5, 5, uint16(0))
	f.Fuzz(func(t *testing.T, format uint8, width, height, lumaStride, chromaStride, lumaBytes, chromaBytes int,
		x1, y1, x2, y2 float32, inWidth, inHeight int, kind uint16) {
		const most = 1 << 18
		data := func(n int, seed byte) []byte {
			d := make([]byte, max(0, min(n, most)))
			for i := range d {
				d[i] = byte(i)*31 + seed
			}
			return d[:len(d):len(d)]
		}
		pic := &frame.Frame{
			Format: frame.Format(format%3) + frame.I420, Width: width, Height: height,
			Matrix: frame.Matrix(kind & 1), FullRange: kind&2 != 0,
			Planes: [3]frame.Plane{{Data: data(lumaBytes, 1), Stride: lumaStride},
				{Data: data(chromaBytes, 2), Stride: chromaStride}, {Data: data(chromaBytes, 3), Stride: chromaStride}},
		}
		target := Raw(1+abs(inWidth)%100, 1+abs(inHeight)%100, Order(kind>>2%3), uint8(kind>>8))
		target.Mode, target.Layout = Mode(kind>>4%4), Layout(kind>>6%2)
		target.Type = []tensor.Type{tensor.Float32, tensor.Float16, tensor.Uint8}[kind>>7%3]
		if err := target.Validate(); err != nil {
			t.Fatal(err)
		}
		c := NewConverter(target)
		region := frame.Box{XMin: x1, YMin: y1, XMax: x2, YMax: y2}
		fit, err := c.Fit(pic, region)
		if err != nil {
			return
		}
		checkConverted(t, c, pic, fit)
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}

func checkConverted(t *testing.T, c *Converter, f *frame.Frame, fit Fit) {
	target := c.Target()
	const guard = 64
	memory := tensor.Make(tensor.Uint8, target.Size()+guard)
	for i := range memory {
		memory[i] = 0xfe // no float made of these is a level
	}
	dst := memory[:target.Size()]
	c.Convert(dst, f, fit, new(Scratch))
	for i, b := range memory[target.Size():] {
		if b != 0xfe {
			t.Fatalf("byte %d after the input was written", i)
		}
	}
	for row := range target.Height {
		for col := range target.Width {
			for ch := range target.Order.Channels() {
				if v := read(target, dst, col, row, ch); !(v >= 0 && v <= 255) {
					t.Fatalf("value at %d,%d,%d is %v: %+v", col, row, ch, v, fit)
				}
			}
		}
	}
	b, ok := fit.Box(-1e9, -1e9, 1e9, 1e9)
	if !ok || !(b.XMin >= 0 && b.YMin >= 0 && b.XMax <= 1 && b.YMax <= 1) {
		t.Fatalf("the whole of %+v is %+v", fit, b)
	}
}
