package tensor

import "math"

// Floats is the values of t as float32: in place where they are, else
// converted into dst, which is grown as needed and returned; nil for a type
// that Size does not know. Numbers beyond float32 become infinite.
func Floats(dst []float32, t Type, data []byte) []float32 {
	switch t {
	case Float32:
		return View[float32](data)
	case Float16:
		return converted(dst, View[uint16](data), FromHalf)
	case Float64:
		return converted(dst, View[float64](data), func(v float64) float32 { return float32(v) })
	case Int64:
		return converted(dst, View[int64](data), func(v int64) float32 { return float32(v) })
	case Int32:
		return converted(dst, View[int32](data), func(v int32) float32 { return float32(v) })
	case Uint8:
		return converted(dst, data, func(v uint8) float32 { return float32(v) })
	}
	return nil
}

func converted[T Element](dst []float32, values []T, one func(T) float32) []float32 {
	dst = dst[:0]
	for _, v := range values {
		dst = append(dst, one(v))
	}
	return dst
}

// FromHalf is the value of a float16's bits.
func FromHalf(bits uint16) float32 {
	sign, exponent, fraction := uint32(bits&0x8000)<<16, uint32(bits>>10&0x1f), uint32(bits&0x3ff)
	switch exponent {
	case 0: // zero and what is below 2⁻¹⁴
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
