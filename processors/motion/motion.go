package motion

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// Processor finds moving things. It keeps the contract of processors.Processor
// and is stateful: a feed's frames must all come to the same one, in order.
//
// Detections have Class -1 and Label "motion"; Confidence grows with the
// contrast to the empty scene.
type Processor struct {
	config Config
	feeds  map[frame.FeedID]*feed
	// now is the newest arrival time seen, which is the clock for forgetting.
	now     time.Time
	calls   uint64
	shrink  shrinker
	scratch scratch
}

// feed is what is remembered of one camera.
type feed struct {
	view     *view
	seen     time.Time
	seenCall uint64
}

// New makes a processor; it is an error if the config does not validate.
func New(c Config) (*Processor, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Processor{config: c, feeds: map[frame.FeedID]*feed{}}, nil
}

// Traits are those of a stateful processor that takes any batch.
func (p *Processor) Traits() frame.Traits { return frame.Traits{Stateful: true} }

// Start does nothing: scenes are learned from the frames.
func (p *Processor) Start(context.Context) error { return nil }

// Stop forgets every feed.
func (p *Processor) Stop() error {
	clear(p.feeds)
	return nil
}

// Process finds what moves in each entry. An entry whose picture cannot be
// read fails alone. Suspect frames and frames of a moving camera are empty.
func (p *Processor) Process(_ context.Context, batch []frame.Entry) error {
	p.calls++
	for i := range batch {
		batch[i].Output.Detections, batch[i].Err = p.look(batch[i].Frame, batch[i].View)
	}
	p.forget()
	return nil
}

func (p *Processor) look(f *frame.Frame, state frame.ViewState) ([]frame.Detection, error) {
	if err := readable(f); err != nil {
		return nil, err
	}
	fd := p.feed(f)
	if state.Moving {
		fd.view = nil
		return nil, nil
	}
	if f.Suspect {
		return nil, nil
	}
	if fd.view == nil || !fd.view.fits(f, state) {
		fd.view = newView(p.config, f, state)
	}
	return fd.view.look(f, &p.shrink, &p.scratch), nil
}

var errNoPicture = errors.New("motion: the frame has no picture")

func readable(f *frame.Frame) error {
	if f == nil || f.Width < 1 || f.Height < 1 {
		return errNoPicture
	}
	if f.Format != frame.I420 && f.Format != frame.NV12 {
		return fmt.Errorf("motion: the picture is %v; must be I420 or NV12", f.Format)
	}
	luma := f.Planes[0]
	if luma.Stride < f.Width || len(luma.Data) < luma.Stride*(f.Height-1)+f.Width {
		return fmt.Errorf("motion: the luma plane of %d bytes with stride %d is too small for %d×%d",
			len(luma.Data), luma.Stride, f.Width, f.Height)
	}
	return nil
}

func (p *Processor) feed(f *frame.Frame) *feed {
	fd := p.feeds[f.Feed]
	if fd == nil {
		fd = &feed{}
		p.feeds[f.Feed] = fd
	}
	if f.Arrived.After(p.now) {
		p.now = f.Arrived
	}
	fd.seen, fd.seenCall = p.now, p.calls
	return fd
}

// forget drops feeds not seen for long, and the ones not seen for longest
// while there are too many.
func (p *Processor) forget() {
	for id, fd := range p.feeds {
		if p.now.Sub(fd.seen) > p.config.Forget {
			delete(p.feeds, id)
		}
	}
	for len(p.feeds) > p.config.MaxFeeds {
		var oldest frame.FeedID
		for id, fd := range p.feeds {
			if o := p.feeds[oldest]; o == nil || fd.seenCall < o.seenCall || fd.seenCall == o.seenCall && id < oldest {
				oldest = id
			}
		}
		delete(p.feeds, oldest)
	}
}
