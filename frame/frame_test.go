package frame

import (
	"math"
	"testing"
)

func TestLastReleaseFreesOnce(t *testing.T) {
	freed := 0
	f := &Frame{Planes: [3]Plane{{Data: []byte{1}, Stride: 1}}}
	f.Init(func(*Frame) { freed++ })
	f.Retain()
	f.Release()
	if freed != 0 || f.Planes[0].Data == nil {
		t.Fatal("freed while a reference was held")
	}
	f.Release()
	if freed != 1 {
		t.Fatalf("freed %d times, want once", freed)
	}
	if f.Planes[0].Data != nil {
		t.Fatal("planes are readable after the last release")
	}
}

func TestReferenceMistakesPanic(t *testing.T) {
	for name, misuse := range map[string]func(*Frame){
		"release twice":        func(f *Frame) { f.Release() },
		"retain after release": func(f *Frame) { f.Retain() },
	} {
		t.Run(name, func(t *testing.T) {
			f := &Frame{}
			f.Init(nil)
			f.Release()
			defer func() {
				if recover() == nil {
					t.Fatal("no panic")
				}
			}()
			misuse(f)
		})
	}
}

func TestIoU(t *testing.T) {
	unit := Box{0, 0, 1, 1}
	for _, c := range []struct {
		a, b Box
		want float64
	}{
		{unit, unit, 1},
		{unit, Box{0, 0, .5, 1}, .5},
		{Box{0, 0, .5, .5}, Box{.5, .5, 1, 1}, 0},
		{Box{}, Box{}, 0},
		{Box{.5, .5, .4, .4}, unit, 0},
	} {
		if got := c.a.IoU(c.b); math.Abs(float64(got)-c.want) > 1e-6 {
			t.Errorf("%v IoU %v = %v, want %v", c.a, c.b, got, c.want)
		}
		if c.a.IoU(c.b) != c.b.IoU(c.a) {
			t.Errorf("%v IoU %v is not symmetric", c.a, c.b)
		}
	}
}

func TestOutcomeNames(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range Outcomes() {
		if n := o.String(); n == "" || n == "unknown" || seen[n] {
			t.Errorf("outcome %d is named %q", o, n)
		} else {
			seen[n] = true
		}
	}
	if Outcome(NumOutcomes).String() != "unknown" {
		t.Error("an outcome past the last has a name")
	}
}
