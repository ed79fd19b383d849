package letterbox

import "encoding/binary"

// These work on a row each, in the portable way. What stands in for them on
// some processors gives the same, bit by bit.

// scaleLumaGo scales a row: sampleBits of fraction.
func scaleLumaGo(out []uint16, taps []tap, row *line) {
	taps = taps[:len(out)]
	_ = row[0]
	for i := range out {
		t := taps[i]
		p := uint32(binary.LittleEndian.Uint16(row[t.at():]))
		a, b := p&0xff, p>>8
		out[i] = uint16((a<<weightBits + (b-a)*t.weight()) >> (weightBits - sampleBits))
	}
}

// scalePairsGo scales a row of NV12's chroma to samples of Cb (lower half) and
// Cr (upper half).
func scalePairsGo(out []uint32, taps []tap, row *line) {
	taps = taps[:len(out)]
	_ = row[0]
	for i := range out {
		t := taps[i]
		p := uint64(binary.LittleEndian.Uint32(row[t.at():]))
		out[i] = both((p|p<<24)&byteInHalf, (p>>16|p<<8)&byteInHalf, t.weight())
	}
}

// scalePlanesGo is scalePairsGo for the two rows of I420.
func scalePlanesGo(out []uint32, taps []tap, cb, cr *line) {
	taps = taps[:len(out)]
	_, _ = cb[0], cr[0]
	for i := range out {
		t := taps[i]
		p := uint64(binary.LittleEndian.Uint16(cb[t.at():])) | uint64(binary.LittleEndian.Uint16(cr[t.at():]))<<32
		out[i] = both(p&byteInHalf, p>>8&byteInHalf, t.weight())
	}
}

const byteInHalf = 0x000000ff_000000ff

// both interpolates the two halves of a and b at once. That a difference
// borrows from the upper half does not matter: the sum gives it back.
func both(a, b uint64, weight uint32) uint32 {
	const cut, sample = weightBits - sampleBits, 0x7fff
	p := a<<weightBits + (b-a)*uint64(weight)
	return uint32(p>>cut&sample | p>>(cut+16)&(sample<<16))
}

// mix interpolates between two rows.
func mix(a, b, weight uint32) int32 {
	return int32((a<<weightBits + (b-a)*weight) >> weightBits)
}

// convertGo computes the levels of a row from two scaled rows of luma and two
// of chroma.
func convertGo(r, g, b []uint8, luma [2][]uint16, lumaWeight uint32, chroma [2][]uint32, chromaWeight uint32, k *colour) {
	n := len(r)
	g, b = g[:n], b[:n]
	y0, y1, c0, c1 := luma[0][:n], luma[1][:n], chroma[0][:n], chroma[1][:n]
	for i := range r {
		y := k.y * mix(uint32(y0[i]), uint32(y1[i]), lumaWeight)
		p, q := c0[i], c1[i]
		cb, cr := mix(p&0xffff, q&0xffff, chromaWeight), mix(p>>16, q>>16, chromaWeight)
		r[i] = level(y + int32(k.red.cr)*cr + k.r)
		g[i] = level(y + int32(k.green.cb)*cb + int32(k.green.cr)*cr + k.g)
		b[i] = level(y + int32(k.blue.cb)*cb + k.b)
	}
}

// convertGrey is convert for luma alone.
func convertGrey(out []uint8, luma [2][]uint16, weight uint32, k *colour) {
	y0, y1 := luma[0][:len(out)], luma[1][:len(out)]
	for i := range out {
		out[i] = level(k.y*mix(uint32(y0[i]), uint32(y1[i]), weight) + k.grey)
	}
}

// level rounds and limits what colour computes.
func level(v int32) uint8 { return clamped[uint32(v>>levelShift+belowBlack)%uint32(len(clamped))] }

// Levels are limited by a table: the conversion of arbitrary YUV leaves 0–255
// by less than 290 on either side (BT.709, blue).
const belowBlack = 320

var clamped = func() (t [1024]uint8) {
	for i := range t {
		t[i] = uint8(min(max(i-belowBlack, 0), 255))
	}
	return t
}()

// lookUpGo maps levels to values.
func lookUpGo[T any](out []T, in []uint8, values *[256]T) {
	out = out[:len(in)]
	for i, v := range in {
		out[i] = values[v]
	}
}
