package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/scene"
)

func TestPicturesAreTheSameAgainAndTrueToTheirSize(t *testing.T) {
	objects := 0
	for seed := range uint64(12) {
		var a, b bytes.Buffer
		for _, out := range []*bytes.Buffer{&a, &b} {
			if err := draw(out, seed, 2); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("seed %d: drawn differently the second time", seed)
		}
		if want := 2 * (256*160*3 + 16*6*4); a.Len() != want {
			t.Fatalf("%d bytes, train.py reads %d", a.Len(), want)
		}
		for range 2 {
			var r record
			if err := binary.Read(&a, binary.LittleEndian, &r); err != nil {
				t.Fatal(err)
			}
			for _, o := range r.Truth {
				if o.Class < 0 {
					continue
				}
				objects++
				if int(o.Class) >= scene.NumKinds || !(o.Left >= 0 && o.Left < o.Right && o.Right <= inputWidth) ||
					!(o.Top >= 0 && o.Top < o.Bottom && o.Bottom <= inputHeight) || !(o.Visible >= 0 && o.Visible <= 1) {
					t.Errorf("seed %d: %+v", seed, o)
				}
			}
		}
	}
	if objects < 40 {
		t.Errorf("%d objects in all; too few to learn from", objects)
	}
}

// A view of the right half of a picture, at the size of the input.
func TestViewCutsAndScales(t *testing.T) {
	v := view{left: 320, width: 320, height: 200, pictureW: 640, pictureH: 200, outWidth: 256, outHeight: 160}
	o := scene.Object{Kind: scene.Van, Visible: .8, Box: frame.Box{XMin: .4, YMin: .2, XMax: .6, YMax: .7}}
	want := truth{Class: float32(scene.Van), Left: 0, Top: 32, Right: 51.2, Bottom: 112, Visible: .4}
	got := v.truth(o)
	for _, d := range []float32{got.Left - want.Left, got.Top - want.Top, got.Right - want.Right, got.Bottom - want.Bottom, got.Visible - want.Visible} {
		if math.Abs(float64(d)) > 1e-4 {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	o.Box.XMax = .45
	if got := v.truth(o); got.Class != -1 {
		t.Errorf("an object outside the view: %+v", got)
	}
}

// A picture whose luma rises from left to right is sampled where the view says.
func TestViewSamplesAndPads(t *testing.T) {
	p := newPicture(512, 200)
	for i := range p.Y {
		p.Y[i] = byte(20 + (i%p.YStride)*200/512)
	}
	for i := range p.Cb {
		p.Cb[i], p.Cr[i] = 128, 128
	}
	v := view{left: 256, width: 256, height: 200, pictureW: 512, pictureH: 200, outWidth: 200, outHeight: 156}
	var out [inputHeight][inputWidth][3]uint8
	v.sample(p, false, &out)
	for _, x := range []int{0, 99, 199} {
		at := 256 + (float64(x)+.5)*256/200
		if want := 1.164 * (20 + at*200/512 - 16); math.Abs(float64(out[80][x][1])-want) > 2 {
			t.Errorf("column %d: level %d, want about %.0f", x, out[80][x][1], want)
		}
	}
	if out[0][200] != [3]uint8{114, 114, 114} || out[156][0] != [3]uint8{114, 114, 114} {
		t.Error("what lies beyond the picture is not padded")
	}
}
