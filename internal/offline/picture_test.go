package offline

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

// colours is a picture of 2×2 blocks of one colour each.
func colours(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	palette := []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}, {12, 200, 99, 255}}
	for y := range height {
		for x := range width {
			img.SetNRGBA(x, y, palette[(x/2+3*(y/2))%len(palette)])
		}
	}
	return img
}

// Colours that fill whole 2×2 blocks come out exactly as JFIF defines them.
func TestPNGBecomesI420Exactly(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {2, 2}, {7, 5}, {64, 33}} {
		img := colours(size.X, size.Y)
		var file bytes.Buffer
		if err := png.Encode(&file, img); err != nil {
			t.Fatal(err)
		}
		f, err := readPicture(put(t, "a.png", file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if f.Format != frame.I420 || f.Width != size.X || f.Height != size.Y || !f.FullRange || f.Matrix != frame.BT601 {
			t.Errorf("%v is %+v", size, f)
		}
		for y := range size.Y {
			for x := range size.X {
				c := img.NRGBAAt(x, y)
				l, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
				got := [3]byte{at(f, 0, x, y), at(f, 1, x/2, y/2), at(f, 2, x/2, y/2)}
				if got != [3]byte{l, cb, cr} {
					t.Fatalf("%v: pixel %d,%d is %v, want %v", size, x, y, got, [3]byte{l, cb, cr})
				}
			}
		}
	}
}

func at(f *frame.Frame, plane, x, y int) byte {
	return f.Planes[plane].Data[y*f.Planes[plane].Stride+x]
}

// A JPEG's samples are not converted.
func TestJPEGKeepsItsSamples(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422} {
		img := image.NewYCbCr(image.Rect(0, 0, 5, 3), ratio)
		for i := range img.Y {
			img.Y[i] = byte(10 * i)
		}
		for i := range img.Cb {
			img.Cb[i], img.Cr[i] = byte(i), 200
		}
		f := frameOf(img)
		if at(f, 0, 4, 2) != img.Y[2*img.YStride+4] || at(f, 2, 2, 1) != 200 {
			t.Errorf("%v: other samples", ratio)
		}
		b := int(img.Cb[img.COffset(0, 0)]) + int(img.Cb[img.COffset(1, 0)]) + int(img.Cb[img.COffset(0, 1)]) + int(img.Cb[img.COffset(1, 1)])
		if got := int(at(f, 1, 0, 0)); got != (b+2)/4 {
			t.Errorf("%v: Cb %d, want the average %d", ratio, got, (b+2)/4)
		}
	}
	f := frameOf(image.NewGray(image.Rect(0, 0, 3, 3)))
	if at(f, 0, 2, 2) != 0 || at(f, 1, 1, 1) != 128 {
		t.Error("grey is not grey")
	}
}

func TestPicturesThatCannotBeRead(t *testing.T) {
	var whole bytes.Buffer
	if err := jpeg.Encode(&whole, colours(64, 64), nil); err != nil {
		t.Fatal(err)
	}
	head := []byte("IHDR\x00\x00\x80\x00\x00\x00\x80\x00\x08\x02\x00\x00\x00") // 32768×32768
	huge := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\r"), head...)
	huge = binary.BigEndian.AppendUint32(huge, crc32.ChecksumIEEE(head))
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"cut":   {whole.Bytes()[:whole.Len()/2], "damaged"},
		"head":  {whole.Bytes()[:20], "ends too early"},
		"huge":  {huge, "make it smaller"},
		"empty": {nil, "damaged"},
	} {
		_, err := readPicture(put(t, name+".jpg", c.data))
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readPicture("/nonexistent.png"); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestThePictureIsAnnotated(t *testing.T) {
	for _, ext := range []string{".jpg", ".png"} {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in"+ext), filepath.Join(dir, "out"+ext)
		file, err := os.Create(in)
		if err != nil {
			t.Fatal(err)
		}
		img := image.NewGray(image.Rect(0, 0, 201, 101))
		if ext == ".png" {
			err = png.Encode(file, img)
		} else {
			err = jpeg.Encode(file, img, nil)
		}
		if err != nil || file.Close() != nil {
			t.Fatal(err)
		}
		v, looks := gather(&fake{}, 1)
		if err := v.View(t.Context(), in, out); err != nil {
			t.Fatal(err)
		}
		if l := (*looks)[0]; len(*looks) != 1 || l.Width != 201 || l.Height != 101 || len(l.Detections) != 1 {
			t.Errorf("found %+v", *looks)
		}
		file, err = os.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		drawn, _, err := image.Decode(file)
		if err != nil || drawn.Bounds().Size() != image.Pt(201, 101) {
			t.Fatalf("%v of %v", drawn.Bounds(), err)
		}
		if r, g, b, _ := drawn.At(50, 50).RGBA(); r+g+b < 0x8000 {
			t.Errorf("%s: no line at the box's left side", ext)
		}
		if r, g, b, _ := drawn.At(100, 90).RGBA(); r+g+b > 0x2000 {
			t.Errorf("%s: something is drawn outside of the box", ext)
		}
	}
}
