// Detector draws the pictures that the project's own detector is trained with:
// scenes of internal/scene as many different cameras would show them, already
// at the size of the detector's input, with the truth beside each.
//
//	go run ./scripts/detector -scenes 4000 -seed 1000000 > pictures
//
// The same flags give the same bytes. Each record is of fixed size, little
// endian; train.py has the same layout:
//
//	picture   160×256×3 bytes   rows of B, G, R
//	truth     16 × 6 float32    class, left, top, right, bottom in pixels, visible share; class -1: none
package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/nvpipe/nvpipe/internal/scene"
)

// The detector's input.
const (
	inputWidth  = 256
	inputHeight = 160
)

// maxObjects is the most that a scene has.
const maxObjects = 16

type record struct {
	Picture [inputHeight][inputWidth][3]uint8
	Truth   [maxObjects]truth
}

type truth struct{ Class, Left, Top, Right, Bottom, Visible float32 }

func main() {
	scenes := flag.Int("scenes", 100, "how many scenes")
	frames := flag.Int("frames", 3, "pictures of each scene")
	seed := flag.Uint64("seed", 0, "seed of the first scene; the others have the following ones")
	flag.Parse()
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	for i := range *scenes {
		if err := draw(out, *seed+uint64(i), *frames); err != nil {
			fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		fatal(err)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "detector:", err)
	os.Exit(1)
}

// draw writes the records of one scene.
func draw(out io.Writer, seed uint64, frames int) error {
	cam := newCamera(seed)
	s, err := scene.New(cam.options)
	if err != nil {
		return err
	}
	for range frames {
		var r record
		if err := cam.shoot(s, &r); err != nil {
			return err
		}
		if err := binary.Write(out, binary.LittleEndian, &r); err != nil {
			return err
		}
	}
	return nil
}
