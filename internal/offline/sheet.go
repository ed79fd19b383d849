package offline

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/overlay"
)

// jpegQuality keeps text and thin lines clean.
const jpegQuality = 92

// sheet is a copy of a picture that is drawn on. Its memory is used again.
type sheet struct {
	overlay.Image
	painter *overlay.Painter
}

func newSheet() *sheet { return &sheet{painter: overlay.NewPainter(overlay.DefaultConfig())} }

// draw copies the top left part of the frame and draws what was found in it.
func (s *sheet) draw(f *frame.Frame, width, height int, found []frame.Detection) error {
	s.Format, s.Matrix, s.FullRange = f.Format, f.Matrix, f.FullRange
	s.Width, s.Height = width, height
	cw, ch := (width+1)/2, (height+1)/2
	s.copy(0, f.Planes[0], width, height)
	if f.Format == frame.NV12 {
		s.copy(1, f.Planes[1], 2*cw, ch)
	} else {
		s.copy(1, f.Planes[1], cw, ch)
		s.copy(2, f.Planes[2], cw, ch)
	}
	result := &frame.Result{Output: frame.Output{Detections: found}}
	return s.painter.Draw(&s.Image, []frame.Finding{{Result: result}})
}

func (s *sheet) copy(plane int, from frame.Plane, width, height int) {
	p := &s.Planes[plane]
	if p.Stride != width || len(p.Data) != width*height {
		*p = frame.Plane{Data: make([]byte, width*height), Stride: width}
	}
	for y := range height {
		copy(p.Data[y*width:][:width], from.Data[y*from.Stride:])
	}
}

// save writes the I420 picture as JPEG or PNG, by the path's extension.
func (s *sheet) save(path string) (err error) {
	img := &image.YCbCr{
		Y: s.Planes[0].Data, Cb: s.Planes[1].Data, Cr: s.Planes[2].Data,
		YStride: s.Planes[0].Stride, CStride: s.Planes[1].Stride,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, s.Width, s.Height),
	}
	file, err := create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	if strings.EqualFold(filepath.Ext(path), ".png") {
		err = png.Encode(out, img)
	} else {
		err = jpeg.Encode(out, img, &jpeg.Options{Quality: jpegQuality})
	}
	return errors.Join(err, out.Flush(), file.Close())
}

func create(path string) (*os.File, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("the annotated copy cannot be written: %w; give another place with --out, or --boxes-only", err)
	}
	return file, nil
}
