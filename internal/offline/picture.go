package offline

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the formats that readPicture knows
	_ "image/png"
	"io"
	"os"

	"github.com/nvpipe/nvpipe/frame"
)

// A picture's sides and pixels are bounded before memory is taken for them.
const (
	maxSide   = 16384
	maxPixels = 120_000_000
)

// readPicture decodes a JPEG or PNG file. The frame is Go's memory: full range,
// BT.601, as JFIF has it.
func readPicture(path string) (*frame.Frame, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size, _, err := image.DecodeConfig(bufio.NewReader(file))
	if err != nil {
		return nil, damaged(path, err)
	}
	if size.Width < 1 || size.Height < 1 || size.Width > maxSide || size.Height > maxSide || size.Width*size.Height > maxPixels {
		return nil, fmt.Errorf("%s: the picture is %d×%d, sides must be 1–%d with at most %d million pixels: make it smaller",
			path, size.Width, size.Height, maxSide, maxPixels/1_000_000)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bufio.NewReader(file))
	if err != nil {
		return nil, damaged(path, err)
	}
	return frameOf(img), nil
}

func damaged(path string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("it ends too early")
	}
	return fmt.Errorf("%s: the picture is damaged, or of a kind that is not supported: %w", path, err)
}
