package batchsink

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// pieces are what a schedule's processors made ahead or left to be finished.
type pieces struct {
	sync.Mutex
	rng  *rand.Rand
	all  []*piece
	most int // at one time, not released
	held int
}

// piece is one of them: an entry's Prepared, or its Finish.
type piece struct {
	c              *chaos
	seq            uint64
	released, done int
}

func (c *chaos) piece(seq uint64) *piece {
	p := &piece{c: c, seq: seq}
	c.made.Lock()
	defer c.made.Unlock()
	if c.made.held >= c.made.most {
		return nil
	}
	c.made.held++
	c.made.all = append(c.made.all, p)
	return p
}

func (p *piece) Release() {
	p.c.made.Lock()
	defer p.c.made.Unlock()
	p.released++
	p.c.made.held--
}

// Finish says what Process had left unsaid.
func (p *piece) Finish(e *frame.Entry) {
	p.c.made.Lock()
	fate, nap := p.c.made.rng.IntN(40), time.Duration(p.c.made.rng.IntN(3000))*time.Microsecond
	p.done++
	p.c.made.held--
	p.c.made.Unlock()
	time.Sleep(nap)
	switch fate {
	case 0:
		panic("boom")
	case 1:
		e.Err = errBad
	default:
		e.Output.Data = p.seq
	}
}

// worksAhead is a script that prepares, and has its entries finished.
type worksAhead struct{ script }

func (s *worksAhead) Prepare(e *frame.Entry) frame.Prepared {
	c := s.c
	c.made.Lock()
	fate, nap := c.made.rng.IntN(30), time.Duration(c.made.rng.IntN(3000))*time.Microsecond
	c.made.Unlock()
	time.Sleep(nap)
	if e.Frame.Planes[0].Data == nil {
		c.complain("frame %d was prepared after its release", e.Frame.Seq)
	}
	if fate == 0 {
		panic("boom")
	}
	if p := c.piece(e.Frame.Seq); p != nil {
		return p
	}
	return nil
}

func (s *worksAhead) Process(ctx context.Context, batch []frame.Entry) error {
	for i := range batch {
		e := &batch[i]
		if p, ok := e.Prepared.(*piece); ok && (p.seq != e.Frame.Seq || p.released > 0) {
			s.c.complain("frame %d has what was prepared for %d, released %d times", e.Frame.Seq, p.seq, p.released)
		}
		if e.Padding && e.Prepared != nil {
			s.c.complain("padding was prepared")
		}
	}
	err := s.c.process(ctx, batch)
	s.c.made.Lock()
	later := s.c.made.rng.IntN(2) == 0
	s.c.made.Unlock()
	for i := range batch {
		if e := &batch[i]; later && e.Err == nil {
			p := &piece{c: s.c, seq: e.Frame.Seq}
			s.c.made.Lock()
			s.c.made.held++
			s.c.made.all = append(s.c.made.all, p)
			s.c.made.Unlock()
			e.Output.Data, e.Finish = nil, p
		}
	}
	return err
}

func (c *chaos) complain(format string, args ...any) {
	c.book.Lock()
	defer c.book.Unlock()
	c.book.complain(format, args...)
}

// checkPieces: whatever was made is gone, by one way.
func (c *chaos) checkPieces() {
	c.made.Lock()
	defer c.made.Unlock()
	for _, p := range c.made.all {
		if p.released+p.done != 1 {
			c.book.complain("what was made of frame %d was released %d times and finished %d times", p.seq, p.released, p.done)
		}
	}
}
