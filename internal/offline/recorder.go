package offline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/film"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// flushLimit bounds the wait for the encoder's last pictures.
const flushLimit = 10 * time.Second

// Each part of the film is complete, so little is lost if the program is killed.
const filmPart = time.Second

// recorder writes the annotated copy of a film. close ends it.
type recorder struct {
	path    string
	width   int // of the film's pictures
	height  int
	sheet   *sheet
	encoder *gstgraph.Encoder
	file    *os.File

	mu   sync.Mutex // packets come on the encoder's thread
	film *film.Recording
	err  error
}

// newRecorder begins a film of pictures like f, at that nominal rate.
func newRecorder(path string, f *frame.Frame, fps float64) (*recorder, error) {
	r := &recorder{path: path, width: f.Width, height: f.Height, sheet: newSheet()}
	width, height := r.size()
	if width == 0 || height == 0 {
		return nil, fmt.Errorf("a picture of %d×%d cannot be encoded; give --boxes-only", f.Width, f.Height)
	}
	encoder, err := gstgraph.NewEncoder(gstgraph.EncoderSettings{
		Width: width, Height: height, Format: f.Format, FPS: fps, BitrateKbps: bitrate(width, height, fps),
	}, r.packet)
	if err != nil {
		return nil, fmt.Errorf("%w; or give --boxes-only", err)
	}
	if r.file, err = create(path); err != nil {
		return nil, errors.Join(err, encoder.Close())
	}
	r.encoder, r.film = encoder, film.NewRecording(r.file, filmPart)
	return r, nil
}

// size is that of the encoded picture: encoders take even sizes only.
func (r *recorder) size() (width, height int) { return r.width &^ 1, r.height &^ 1 }

// bitrate in kbit/s: pictures far apart in time have little in common, and need
// half a bit per pixel.
func bitrate(width, height int, fps float64) int {
	bits := float64(width*height) * (0.5*min(fps, 4) + 0.07*fps)
	return min(50_000, max(200, int(bits/1000)))
}

func (r *recorder) packet(p frame.Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = r.film.Write(p)
	}
}

func (r *recorder) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *recorder) add(f *frame.Frame, found []frame.Detection) error {
	if err := r.failure(); err != nil {
		return err
	}
	if f.Width != r.width || f.Height != r.height {
		return fmt.Errorf("the picture changes from %d×%d to %d×%d at %v, and the annotated copy can have one size only; give --boxes-only",
			r.width, r.height, f.Width, f.Height, f.PTS)
	}
	width, height := r.size()
	if err := r.sheet.draw(f, width, height, found); err != nil {
		return err
	}
	return r.encoder.Encode(r.sheet.Planes, f.PTS)
}

// close finishes the file with all that was added.
func (r *recorder) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
	defer cancel()
	err := errors.Join(r.encoder.Flush(ctx), r.encoder.Close(), r.failure())
	if err = errors.Join(err, r.film.Close(), r.file.Close()); err != nil {
		return fmt.Errorf("the annotated film %s: %w", r.path, err)
	}
	return nil
}
