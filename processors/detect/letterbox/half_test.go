package letterbox

import (
	"math"
	"testing"
)

// Every float16 comes back as itself, and what lies between two of them becomes
// the nearer one, the middle the even one.
func TestHalf(t *testing.T) {
	for bits := range uint16(0x7c00) {
		v := fromHalf(bits)
		if got := half(float32(v)); got != bits {
			t.Fatalf("%v is %#x, want %#x", v, got, bits)
		}
		if got := half(float32(-v)); got != bits|0x8000 && v != 0 {
			t.Fatalf("%v is %#x, want %#x", -v, got, bits|0x8000)
		}
		next := fromHalf(bits + 1)
		if bits+1 == 0x7c00 {
			break
		}
		middle := float32((v + next) / 2)
		if got, want := half(middle), bits+bits&1; got != want {
			t.Fatalf("%v between %v and %v is %#x, want %#x", middle, v, next, got, want)
		}
		below := math.Nextafter32(middle, 0)
		if got := half(below); got != bits {
			t.Fatalf("%v below the middle of %v and %v is %#x, want %#x", below, v, next, got, bits)
		}
	}
}
