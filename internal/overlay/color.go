package overlay

import "github.com/nvpipe/nvpipe/frame"

type rgb struct{ r, g, b uint8 }

// yuv is a colour as the samples of a picture.
type yuv struct{ y, u, v uint8 }

// palette has colours that stay apart for colour-blind eyes, after Okabe and
// Ito; the darkest are lightened because they are drawn on pictures.
var palette = [...]rgb{
	{0xE6, 0x9F, 0x00}, // orange
	{0x56, 0xB4, 0xE9}, // sky blue
	{0x00, 0xB0, 0x7C}, // bluish green
	{0xF0, 0xE4, 0x42}, // yellow
	{0x6A, 0x8D, 0xFF}, // blue
	{0xFF, 0x6A, 0x2B}, // vermillion
	{0xE0, 0x7F, 0xB8}, // reddish purple
	{0xB4, 0xEC, 0xDC}, // pale green
}

var (
	white = rgb{0xFF, 0xFF, 0xFF}
	black = rgb{0x10, 0x10, 0x10}
	slate = rgb{0x14, 0x18, 0x1D}
)

// hashSeed was searched for: with it the classes that cameras see most have a
// colour each (see the test).
const hashSeed = 22765

// paletteIndex is the colour of a label, the same in every run.
func paletteIndex(label string) int {
	h := uint32(hashSeed) ^ 2166136261 // FNV-1a
	for i := range len(label) {
		h = (h ^ uint32(label[i])) * 16777619
	}
	h ^= h >> 15
	return int((h >> 3) % uint32(len(palette)))
}

// ink is the text colour that stands out best on c.
func (c rgb) ink() rgb {
	if c.luminance() > 0.18 {
		return black
	}
	return white
}

// luminance is the relative luminance, 0–1, by the usual gamma of 2.2.
func (c rgb) luminance() float64 {
	lin := func(v uint8) float64 { x := float64(v) / 255; return x * x * (0.2 + 0.8*x) }
	return 0.2126*lin(c.r) + 0.7152*lin(c.g) + 0.0722*lin(c.b)
}

// mix is c with a share of o, 0–1.
func (c rgb) mix(o rgb, share float64) rgb {
	m := func(a, b uint8) uint8 { return uint8(float64(a)*(1-share) + float64(b)*share + 0.5) }
	return rgb{m(c.r, o.r), m(c.g, o.g), m(c.b, o.b)}
}

// samples converts to a picture's matrix and range.
func (c rgb) samples(matrix frame.Matrix, fullRange bool) yuv {
	kr, kb := 0.299, 0.114
	if matrix == frame.BT709 {
		kr, kb = 0.2126, 0.0722
	}
	r, g, b := float64(c.r)/255, float64(c.g)/255, float64(c.b)/255
	y := kr*r + (1-kr-kb)*g + kb*b
	u, v := (b-y)/(2*(1-kb)), (r-y)/(2*(1-kr))
	if fullRange {
		return yuv{clamp8(255 * y), clamp8(128 + 255*u), clamp8(128 + 255*v)}
	}
	return yuv{clamp8(16 + 219*y), clamp8(128 + 224*u), clamp8(128 + 224*v)}
}

func clamp8(v float64) uint8 { return uint8(min(255, max(0, v+0.5))) }
