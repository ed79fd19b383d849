package letterbox

import (
	"encoding/binary"

	"github.com/nvpipe/nvpipe/frame"
)

// Samples are interpolated two at a time, in the two halves of a uint64: Cb and
// Cr, or a row of luma and the next one. A half has 8 bits of sample and
// sampleBits of fraction at most, so nothing carries over.
const bothHalves = 0x000000ff_000000ff

// mix is a + (b−a)·weight for each half, weightBits of fraction. That a
// difference borrows from the upper half does not matter: the sum gives it back.
func mix(a, b uint64, weight uint64) uint64 {
	return a<<weightBits + (b-a)*weight
}

// colourRow computes the levels of red, green and blue of an output row, in order.
func (s *Scratch) colourRow(f *frame.Frame, k *colour, row int, order Order) {
	first, next, weight := s.chromaY.rows(row)
	x, planes := &s.chromaX, &f.Planes
	if f.Format == frame.NV12 {
		top, bottom := s.cb.pair(planes[1], first, next, 2*x.first, 2*(x.first+x.count))
		interleavedChroma(s.chroma, x.taps, top, bottom, weight)
	} else {
		cb0, cb1 := s.cb.pair(planes[1], first, next, x.first, x.first+x.count)
		cr0, cr1 := s.cr.pair(planes[2], first, next, x.first, x.first+x.count)
		planarChroma(s.chroma, x.taps, cb0, cb1, cr0, cr1, weight)
	}
	top, bottom, weight := s.lumaPair(f, row)
	r, g, b := s.levels[0], s.levels[1], s.levels[2]
	if order == BGR {
		r, b = b, r
	}
	k.convert(r, g, b, s.chroma, s.lumaX.taps, top, bottom, weight)
}

// greyRow computes the levels of an output row from luma alone.
func (s *Scratch) greyRow(f *frame.Frame, k *colour, row int) {
	top, bottom, weight := s.lumaPair(f, row)
	k.grey(s.levels[0], s.lumaX.taps, top, bottom, weight)
}

func (s *Scratch) lumaPair(f *frame.Frame, row int) (top, bottom *line, weight uint64) {
	first, next, weight := s.lumaY.rows(row)
	x := &s.lumaX
	top, bottom = s.luma.pair(f.Planes[0], first, next, x.first, x.first+x.count)
	return top, bottom, weight
}

// rows are the plane's rows that an output row lies between.
func (a *axis) rows(out int) (first, next int, weight uint64) {
	t := a.taps[out]
	first = a.first + int(t.at)
	return first, min(first+1, a.first+a.count-1), uint64(t.weight)
}

// interleavedChroma computes Cb (lower half) and Cr (upper half) of an output
// row, sampleBits of fraction, from rows of NV12.
func interleavedChroma(out []uint64, taps []tap, top, bottom *line, weight uint64) {
	taps = taps[:len(out)]
	for i := range out {
		t := taps[i]
		at, w := t.at&lineMask, uint64(t.weight)
		p := uint64(binary.LittleEndian.Uint32(top[at:]))
		q := uint64(binary.LittleEndian.Uint32(bottom[at:]))
		p = mix((p|p<<24)&bothHalves, (p>>16|p<<8)&bothHalves, w)
		q = mix((q|q<<24)&bothHalves, (q>>16|q<<8)&bothHalves, w)
		out[i] = mix(p, q, weight)
	}
}

// planarChroma is interleavedChroma for rows of I420.
func planarChroma(out []uint64, taps []tap, cb0, cb1, cr0, cr1 *line, weight uint64) {
	taps = taps[:len(out)]
	for i := range out {
		t := taps[i]
		at, w := t.at&lineMask, uint64(t.weight)
		p := uint64(binary.LittleEndian.Uint16(cb0[at:])) | uint64(binary.LittleEndian.Uint16(cr0[at:]))<<32
		q := uint64(binary.LittleEndian.Uint16(cb1[at:])) | uint64(binary.LittleEndian.Uint16(cr1[at:]))<<32
		p = mix(p&bothHalves, p>>8&bothHalves, w)
		q = mix(q&bothHalves, q>>8&bothHalves, w)
		out[i] = mix(p, q, weight)
	}
}

// luma is an output sample, sampleBits of fraction.
func luma(t tap, top, bottom *line, weight uint64) uint64 {
	at := t.at & lineMask
	p := uint64(binary.LittleEndian.Uint16(top[at:])) | uint64(binary.LittleEndian.Uint16(bottom[at:]))<<32
	p = mix(p&bothHalves, p>>8&bothHalves, uint64(t.weight))
	return mix(p&0xffffffff, p>>32, weight)
}

// convert computes the levels of an output row.
func (k *colour) convert(r, g, b []uint16, chroma []uint64, taps []tap, top, bottom *line, weight uint64) {
	n := len(r)
	g, b, chroma, taps = g[:n], b[:n], chroma[:n], taps[:n]
	for i := range r {
		y := k.y * int64(luma(taps[i], top, bottom, weight))
		u, v := int64(chroma[i]&0xffffffff), int64(chroma[i]>>32)
		r[i] = uint16((y + k.rv*v + k.r) >> levelShift)
		g[i] = uint16((y + k.gu*u + k.gv*v + k.g) >> levelShift)
		b[i] = uint16((y + k.bu*u + k.b) >> levelShift)
	}
}

// grey is convert for luma alone.
func (k *colour) grey(out []uint16, taps []tap, top, bottom *line, weight uint64) {
	taps = taps[:len(out)]
	for i := range out {
		out[i] = uint16((k.y*int64(luma(taps[i], top, bottom, weight)) + k.grey0) >> levelShift)
	}
}
