package offline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

func TestAFilmIsLookedAtByTimeAndAnnotated(t *testing.T) {
	in := newFilm(t, 320, 240, 34)
	out := filepath.Join(t.TempDir(), "out.mp4")
	v, looks := gather(&fake{}, 2)
	if err := v.View(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	want := []string{"0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"}
	if !slices.Equal(seconds(*looks), want) {
		t.Errorf("looked at %v, want %v", seconds(*looks), want)
	}
	// The copy is a film like any other, with a line where the box is.
	v, looks = gather(&fake{}, 0)
	drawn := 0
	err := play(t.Context(), out, picker{}, func(f *frame.Frame) error {
		if f.Width != 320 || f.Height != 240 {
			t.Errorf("a picture of %d×%d", f.Width, f.Height)
		}
		if l := at(f, 0, 81, 120); l > 150 || l < 100 {
			drawn++
		}
		return nil
	})
	if err != nil || drawn != len(want) {
		t.Errorf("%d of %d pictures have a box: %v", drawn, len(want), err)
	}
	if err := v.View(t.Context(), out, ""); err != nil || !slices.Equal(seconds(*looks), want) {
		t.Errorf("the copy's times are %v: %v", seconds(*looks), err)
	}
}

func TestEachThirdFrame(t *testing.T) {
	v, looks := gather(&fake{}, 1)
	v.Every = 3
	out := filepath.Join(t.TempDir(), "out.mp4")
	if err := v.View(t.Context(), newFilm(t, 64, 64, 8), out); err != nil {
		t.Fatal(err)
	}
	if want := []string{"0.0", "0.3", "0.6"}; !slices.Equal(seconds(*looks), want) {
		t.Errorf("looked at %v, want %v", seconds(*looks), want)
	}
	v.Every = 1
	if *looks = nil; v.View(t.Context(), out, "") != nil || len(*looks) != 3 {
		t.Errorf("the copy has %v", seconds(*looks))
	}
}

func TestAnInterruptedCopyIsAWholeFilm(t *testing.T) {
	in := newFilm(t, 320, 240, 40)
	out := filepath.Join(t.TempDir(), "out.mp4")
	ctx, cancel := context.WithCancel(t.Context())
	v, looks := gather(&fake{}, 0)
	each := v.Each
	v.Each = func(l Look) error {
		if len(*looks) == 9 {
			cancel()
		}
		return each(l)
	}
	if err := v.View(ctx, in, out); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	again, seen := gather(&fake{}, 0)
	if err := again.View(t.Context(), out, ""); err != nil || len(*seen) != len(*looks) {
		t.Errorf("%d pictures of %d looked at: %v", len(*seen), len(*looks), err)
	}
}

func TestTheProcessorIsAskedAsItWants(t *testing.T) {
	in := newFilm(t, 64, 64, 3)
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		p       fake
		batches []int
		found   int
		err     error
	}{
		"one by one":        {fake{}, []int{1, 1, 1}, 3, nil},
		"batches of four":   {fake{sizes: []int{4}}, []int{4, 4, 4}, 3, nil},
		"finished later":    {fake{later: true}, []int{1, 1, 1}, 3, nil},
		"failing":           {fake{fail: broken}, []int{1}, 0, broken},
		"failing, finisher": {fake{fail: broken, later: true}, []int{1}, 0, broken},
	} {
		v, looks := gather(&c.p, 0)
		err := v.View(t.Context(), in, "")
		if !slices.Equal(c.p.batches, c.batches) || len(*looks) != c.found || !errors.Is(err, c.err) {
			t.Errorf("%s: batches %v, %d looks, %v", name, c.p.batches, len(*looks), err)
		}
		for _, l := range *looks {
			if len(l.Detections) != 1 {
				t.Errorf("%s: found %v", name, l.Detections)
			}
		}
		if want := len(c.batches); c.p.later && c.p.ended != want {
			t.Errorf("%s: %d of %d entries were finished or released", name, c.p.ended, want)
		}
	}
}

func TestWhatCannotBeLookedAt(t *testing.T) {
	whole := newFilm(t, 64, 64, 3)
	v, _ := gather(&fake{}, 1)
	for name, c := range map[string]struct{ in, out, says string }{
		"missing":    {"/nonexistent.mp4", "", "no such file"},
		"empty":      {put(t, "a.jpg", nil), "", "is empty"},
		"text":       {put(t, "a.jpg", []byte("hello")), "", "must be a picture"},
		"webp":       {put(t, "a.webp", []byte("RIFF\x00\x00\x00\x00WEBPVP8 ")), "", "image/webp"},
		"noise":      {put(t, "a.mp4", []byte{1, 2, 3, 0, 255, 254}), "", "no film"},
		"itself":     {whole, whole, "replace the file"},
		"unwritable": {whole, filepath.Join(t.TempDir(), "none", "out.mp4"), "--out"},
	} {
		err := v.View(t.Context(), c.in, c.out)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFilesOfAFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.JPG", "a.mp4", "a-detected.mp4", "notes.txt", "c.png"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Files(dir)
	want := []string{filepath.Join(dir, "a.mp4"), filepath.Join(dir, "b.JPG"), filepath.Join(dir, "c.png")}
	if err != nil || !slices.Equal(files, want) {
		t.Errorf("%v, %v", files, err)
	}
	if _, err := Files(t.TempDir()); err == nil {
		t.Error("an empty folder has files")
	}
	for _, c := range []struct {
		path string
		kind Kind
		want string
	}{
		{"x/a.jpeg", Picture, "x/a-detected.jpeg"}, {"a.PNG", Picture, "a-detected.PNG"}, {"a", Picture, "a-detected.jpg"},
		{"a.mkv", Film, "a-detected.mp4"}, {"a.b.ts", Film, "a.b-detected.mp4"},
	} {
		if got := CopyName(c.path, c.kind); got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
}
