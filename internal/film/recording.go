package film

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Recording writes one film, whole and in one piece, for whoever can wait for
// the disk: nothing is dropped, and every error is the caller's. What was
// written can be played at every moment. It is for one goroutine.
type Recording struct {
	out    io.Writer
	part   time.Duration
	mux    *muxer // nil until the first packet
	params params
}

// NewRecording returns a film that is written to out in parts of that length.
func NewRecording(out io.Writer, part time.Duration) *Recording {
	return &Recording{out: out, part: part}
}

// Write appends a packet. The first must be a keyframe; PTS must grow. A film
// has one picture size: other parameters than the first keyframe's are an error.
func (r *Recording) Write(p frame.Packet) error {
	u, err := parse(p)
	if err != nil {
		return fmt.Errorf("film: %w", err)
	}
	if r.mux == nil {
		if err := r.begin(p, u); err != nil {
			return err
		}
	} else if p.Keyframe && !r.params.with(u.params).equal(r.params) {
		return fmt.Errorf("film: the encoder's parameters change at %v", p.PTS)
	}
	at := r.mux.follow(p.PTS)
	if r.mux.length(at) >= r.part || r.mux.size(len(p.Data)) > maxPart {
		if err := r.flush(); err != nil {
			return err
		}
	}
	return r.mux.add(at, p.Keyframe, u.slices)
}

func (r *Recording) begin(p frame.Packet, u unit) error {
	r.params = u.params
	if !p.Keyframe || !r.params.complete() {
		return errors.New("film: does not begin with a keyframe that has its parameters")
	}
	head, err := header(r.params)
	if err != nil {
		return fmt.Errorf("film: %w", err)
	}
	r.mux = newMuxer(p.PTS)
	_, err = r.out.Write(head)
	return err
}

func (r *Recording) flush() error {
	if r.mux == nil || len(r.mux.samples) == 0 {
		return nil
	}
	data, _, err := r.mux.part()
	if err != nil {
		return fmt.Errorf("film: %w", err)
	}
	_, err = r.out.Write(data)
	return err
}

// Close writes what is held. It does not close what it writes to.
func (r *Recording) Close() error { return r.flush() }
