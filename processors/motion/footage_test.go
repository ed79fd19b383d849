package motion

import (
	"io"
	"os/exec"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/footage"
)

// Every car that drives through the real film must be found where it is.
func TestFindsRealCars(t *testing.T) {
	if raceDetector {
		t.Skip("nothing runs at the same time here")
	}
	const width, height, fps = 768, 432, 12.5
	path := footage.Path(t, footage.CarFilm)
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg, which decodes the film for this test, is not installed")
	}
	decode := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-i", path, "-an", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-")
	film, err := decode.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := decode.Start(); err != nil {
		t.Fatal(err)
	}
	w := watch(t, DefaultConfig())
	w.width, w.height = width, height
	picture := make([]byte, width*height*3/2)
	var cars footage.Watch
	n := 0
	for ; ; n++ {
		if _, err := io.ReadFull(film, picture); err != nil {
			break
		}
		pts := time.Duration(float64(n) / fps * float64(time.Second))
		planes := [3]frame.Plane{{Data: picture, Stride: width}}
		cars.Add(pts, w.show(planes, pts))
	}
	if err := decode.Wait(); err != nil || n < 370 {
		t.Fatalf("the film has %d frames: %v", n, err)
	}
	t.Logf("as many boxes as cars in %.1f %% of the frames with cars, more in %.1f %% of all", 100*cars.Found(), 100*cars.Stray())
	if missed := cars.Missed(); len(missed) > 0 {
		t.Errorf("not found where they are: %q", missed)
	}
	if cars.Found() < .95 || cars.Stray() > .05 {
		t.Errorf("found in %.3f of the frames, stray boxes in %.3f; want 0.95 and 0.05", cars.Found(), cars.Stray())
	}
}
