package letterbox

import "github.com/nvpipe/nvpipe/frame"

// pair is one chroma position, weightBits of fraction.
type pair struct{ u, v uint32 }

// Scratch holds the source rows that a Converter has scaled horizontally, the
// two of luma and the two of chroma that the next output rows are likely to
// need again. The zero value is ready; one goroutine at a time may use it.
type Scratch struct {
	luma   [2][]uint32
	chroma [2][]pair
	// Which source row a slot holds, −1: none. Rows come in ascending order, so
	// a row and its successor always fall into different slots.
	lumaAt, chromaAt [2]int
}

func (s *Scratch) reset(width int) {
	for i := range 2 {
		if cap(s.luma[i]) < width {
			s.luma[i] = make([]uint32, width)
			s.chroma[i] = make([]pair, width)
		}
		s.luma[i], s.chroma[i] = s.luma[i][:width], s.chroma[i][:width]
		s.lumaAt[i], s.chromaAt[i] = -1, -1
	}
}

func (s *Scratch) lumaRow(c *Converter, f *frame.Frame, row uint16) []uint32 {
	at, slot := int(row), row%2
	out := s.luma[slot]
	if s.lumaAt[slot] != at {
		s.lumaAt[slot] = at
		scaleLuma(out, f.Planes[0].Data[at*f.Planes[0].Stride:], c.luma)
	}
	return out
}

func (s *Scratch) chromaRow(c *Converter, f *frame.Frame, row uint16) []pair {
	at, slot := int(row), row%2
	out := s.chroma[slot]
	if s.chromaAt[slot] != at {
		s.chromaAt[slot] = at
		u := f.Planes[1].Data[at*f.Planes[1].Stride:]
		v := u[1:]
		if c.format == frame.I420 {
			v = f.Planes[2].Data[at*f.Planes[2].Stride:]
		}
		scaleChroma(out, u, v, c.chroma)
	}
	return out
}

func scaleLuma(out []uint32, row []byte, taps []tap) {
	taps = taps[:len(out)]
	for i := range out {
		t := taps[i]
		out[i] = mix(row[t.a], row[t.b], t.w)
	}
}

func scaleChroma(out []pair, u, v []byte, taps []tap) {
	taps = taps[:len(out)]
	for i := range out {
		t := taps[i]
		out[i] = pair{mix(u[t.a], u[t.b], t.w), mix(v[t.a], v[t.b], t.w)}
	}
}

func mix(a, b byte, w uint32) uint32 {
	return uint32(a)<<weightBits + (uint32(b)-uint32(a))*w // modulo 2³², so b < a is fine
}
