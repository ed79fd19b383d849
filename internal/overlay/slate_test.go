package overlay

import (
	"slices"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

func TestSlate(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {16, 16}, {321, 241}, {640, 360}, {1280, 720}} {
		for _, title := range []string{"", "front-door", strings.Repeat("W", 63)} {
			img := Slate(size[0], size[1], title, "No signal\nsince 2026-11-23 15:22:33 UTC")
			if img.Width != max(16, size[0]) || img.Height != max(16, size[1]) {
				t.Fatalf("%d×%d, want %v", img.Width, img.Height, size)
			}
			if err := img.check(); err != nil {
				t.Fatal(err)
			}
			ground := slate.samples(img.Matrix, false)
			w, h := img.Width, img.Height
			if h < 240 {
				continue // too small to keep anything clear
			}
			for _, at := range [][2]int{{0, 0}, {w - 1, 0}, {0, h - 1}, {w - 1, h - 1}} {
				if got := img.sample(at[0], at[1]); got != ground {
					t.Errorf("%v: corner is %v, want the ground %v", size, got, ground)
				}
			}
			for y := range h { // text keeps clear of the edges
				if img.sample(1, y) != ground || img.sample(w-2, y) != ground {
					t.Fatalf("%v: %q reaches the edge", size, title)
				}
			}
			if title != "" && slices.Max(img.Planes[0].Data) < 160 {
				t.Errorf("%v: nothing bright enough to read", size)
			}
		}
	}
	if Slate(1280, 720, "", "").Matrix != frame.BT709 || Slate(640, 480, "", "").Matrix != frame.BT601 {
		t.Error("matrix is not the one that players assume for the size")
	}
}

func TestSlateTextIsShown(t *testing.T) {
	a, b := Slate(640, 360, "front-door", "No signal"), Slate(640, 360, "back-door", "No signal")
	if slices.Equal(a.Planes[0].Data, b.Planes[0].Data) {
		t.Error("two feeds have one picture")
	}
}
