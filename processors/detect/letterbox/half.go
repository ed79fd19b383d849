package letterbox

import "math"

// maxHalf is the largest float16.
const maxHalf = 65504

// half is the bits of the float16 nearest to v, half-way cases to even. v is
// finite and at most maxHalf in size.
func half(v float32) uint16 {
	bits := math.Float32bits(v)
	sign, size := uint16(bits>>16&0x8000), bits&0x7fffffff
	if size < 0x38800000 { // below 2⁻¹⁴: steps of 2⁻²⁴
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(size))*(1<<24)))
	}
	const dropped = 23 - 10
	size += 1<<(dropped-1) - 1 + size>>dropped&1 // to even, possibly into the exponent
	return sign | uint16(size>>dropped-(127-15)<<10)
}
