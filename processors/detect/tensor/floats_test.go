package tensor

import (
	"math"
	"slices"
	"testing"
)

func TestFloats(t *testing.T) {
	for _, c := range []struct {
		name string
		typ  Type
		data []byte
		want []float32
	}{
		{"float32", Float32, Bytes([]float32{1.5, -2}), []float32{1.5, -2}},
		{"float16", Float16, Bytes([]uint16{0x3e00, 0xc000}), []float32{1.5, -2}},
		{"float64", Float64, Bytes([]float64{1.5, -1e300}), []float32{1.5, float32(math.Inf(-1))}},
		{"int64", Int64, Bytes([]int64{1, -1 << 40}), []float32{1, -1 << 40}},
		{"int32", Int32, Bytes([]int32{7, -7}), []float32{7, -7}},
		{"uint8", Uint8, []byte{0, 255}, []float32{0, 255}},
		{"nothing", Int64, nil, nil},
		{"no number", 8, []byte{1}, nil},
	} {
		if got := Floats(nil, c.typ, c.data); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Every half has its value by the definition of the format.
func TestFromHalf(t *testing.T) {
	for i := range 1 << 16 {
		bits := uint16(i)
		exponent, fraction := int(bits>>10&31), float64(bits&1023)
		var want float64
		switch exponent {
		case 0:
			want = fraction * math.Pow(2, -24)
		case 31:
			want = math.Inf(1)
			if fraction != 0 {
				want = math.NaN()
			}
		default:
			want = (1 + fraction/1024) * math.Pow(2, float64(exponent-15))
		}
		if bits&0x8000 != 0 {
			want = -want
		}
		got := float64(FromHalf(bits))
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) || math.Signbit(got) != (bits&0x8000 != 0) {
			t.Fatalf("%#04x is %v, want %v", bits, got, want)
		}
	}
}

// What is converted is put where there is room.
func TestFloatsUsesItsRoom(t *testing.T) {
	room, data := make([]float32, 4), Bytes([]int64{1, 2, 3})
	if n := testing.AllocsPerRun(10, func() { room = Floats(room, Int64, data) }); n != 0 || len(room) != 3 {
		t.Errorf("%v allocations, %v", n, room)
	}
}
