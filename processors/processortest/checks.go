package processortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

var checks = []struct {
	name  string
	check func(Factory, Options) error
}{
	{"traits are constant and sane", checkTraits},
	{"starts and stops without work", checkIdle},
	{"takes every batch size", checkSizes},
	{"takes pictures of any size and layout", checkShapes},
	{"keeps nothing of a picture", checkRetention},
	{"says the same of the same pictures", checkDeterminism},
	{"says the same of pictures prepared ahead", checkPrepared},
	{"survives a context that has ended", checkEndedContext},
}

// withSession runs body on a started processor and stops it in any case.
func withSession(newProcessor Factory, body func(*session) error) error {
	s, err := open(newProcessor)
	if err != nil {
		return err
	}
	return errors.Join(body(s), s.close())
}

func checkTraits(newProcessor Factory, _ Options) error {
	p, err := newProcessor()
	if err != nil {
		return fmt.Errorf("the factory failed: %w", err)
	}
	before := p.Traits()
	for i, n := range before.BatchSizes {
		if n < 1 || i > 0 && n <= before.BatchSizes[i-1] {
			return fmt.Errorf("Traits().BatchSizes = %v; must be ascending and at least 1", before.BatchSizes)
		}
	}
	return withSession(newProcessor, func(s *session) error {
		after := s.p.Traits()
		if after.Stateful != before.Stateful || !slices.Equal(after.BatchSizes, before.BatchSizes) {
			return fmt.Errorf("Traits() = %+v before Start and %+v after", before, after)
		}
		return nil
	})
}

func checkIdle(newProcessor Factory, _ Options) error {
	for range 2 {
		if err := withSession(newProcessor, func(*session) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

func checkSizes(newProcessor Factory, o Options) error {
	return withSession(newProcessor, func(s *session) error {
		for round, n := range batchSizes(s.p.Traits(), o) {
			if err := s.process(context.Background(), makeBatch(n, round, o)); err != nil {
				return err
			}
		}
		return nil
	})
}

// shapes has odd sizes, sizes below any stride, and a camera's own.
var shapes = [][2]int{{1, 1}, {2, 2}, {3, 5}, {17, 16}, {1, 240}, {321, 1}, {321, 241}, {640, 360}, {1919, 1079}}

func checkShapes(newProcessor Factory, o Options) error {
	return withSession(newProcessor, func(s *session) error {
		n := batchSizes(s.p.Traits(), o)[0]
		for i, shape := range shapes {
			if shape[0] > o.LargestWidth {
				continue
			}
			for _, format := range []frame.Format{frame.I420, frame.NV12} {
				batch := makeBatch(n, i, o)
				for k := range batch {
					batch[k].Frame = makeFrame(shape[0], shape[1], format, i, k, o)
				}
				if err := s.process(context.Background(), batch); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// checkRetention makes the pictures' memory somebody else's after Process, and
// looks whether outputs change then or with the next batch.
func checkRetention(newProcessor Factory, o Options) error {
	return withSession(newProcessor, func(s *session) error {
		sizes := batchSizes(s.p.Traits(), o)
		n := sizes[len(sizes)-1]
		var batches [][]frame.Entry
		var outputs []frame.Output
		for round := range 4 {
			batch := makeBatch(n, round, o)
			if err := s.process(context.Background(), batch); err != nil {
				return err
			}
			for _, e := range batch {
				outputs = append(outputs, copyOutput(e.Output))
			}
			release(batch)
			batches = append(batches, batch)
		}
		for i, e := range slices.Concat(batches...) {
			if err := same(outputs[i], e.Output, 0); err != nil {
				return fmt.Errorf("an output changed after Process returned; it must not share memory with pictures or later outputs: %w", err)
			}
		}
		return nil
	})
}

func release(batch []frame.Entry) {
	for i := range batch {
		Poison(batch[i].Frame)
		batch[i].Frame.Release()
	}
}

// checkDeterminism shows the same pictures to two processors, and to a
// stateless one also twice and in the smallest batches.
func checkDeterminism(newProcessor Factory, o Options) error {
	first, err := transcript(newProcessor, o, 1, false)
	if err != nil {
		return err
	}
	second, err := transcript(newProcessor, o, 2, true)
	if err != nil {
		return err
	}
	for i := range first {
		if err := same(first[i], second[i], o.Tolerance); err != nil {
			return fmt.Errorf("picture %d, seen by two processors: %w", i, err)
		}
	}
	return nil
}

// transcript is what a new processor says of a fixed row of pictures. times
// and single take effect with stateless processors only.
func transcript(newProcessor Factory, o Options, times int, single bool) (outputs []frame.Output, err error) {
	err = withSession(newProcessor, func(s *session) error {
		traits := s.p.Traits()
		sizes := batchSizes(traits, o)
		n := sizes[len(sizes)-1]
		step := n
		if !traits.Stateful && single && n%sizes[0] == 0 {
			step = sizes[0]
		}
		if traits.Stateful {
			times = 1
		}
		for range times {
			outputs = outputs[:0]
			for round := range 3 {
				batch := makeBatch(n, round, o)
				for part := range slices.Chunk(batch, step) {
					if err := s.process(context.Background(), part[:len(part):len(part)]); err != nil {
						return err
					}
				}
				for _, e := range batch {
					outputs = append(outputs, e.Output)
				}
			}
		}
		return nil
	})
	return outputs, err
}

// preparer is a processor that works ahead.
type preparer interface {
	Prepare(e *frame.Entry) frame.Prepared
}

// checkPrepared shows the same pictures to two processors, to one of them some
// prepared ahead, in another order than they are processed in.
func checkPrepared(newProcessor Factory, o Options) error {
	var plain, ahead []frame.Output
	round := func(outputs *[]frame.Output, prepare func(preparer, []frame.Entry)) error {
		return withSession(newProcessor, func(s *session) error {
			p, ok := s.p.(preparer)
			if !ok {
				return nil
			}
			sizes := batchSizes(s.p.Traits(), o)
			for round := range 3 {
				batch := makeBatch(sizes[len(sizes)-1], round, o)
				prepare(p, batch)
				err := s.process(context.Background(), batch)
				for i := range batch {
					if r := batch[i].Prepared; r != nil {
						r.Release()
					}
					*outputs = append(*outputs, batch[i].Output)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := errors.Join(
		round(&plain, func(preparer, []frame.Entry) {}),
		round(&ahead, func(p preparer, batch []frame.Entry) {
			for i := len(batch) - 1; i >= 0; i-- {
				if i%3 != 2 { // some are not
					batch[i].Prepared = p.Prepare(&batch[i])
				}
			}
		}))
	if err != nil {
		return err
	}
	for i := range plain {
		if err := same(plain[i], ahead[i], o.Tolerance); err != nil {
			return fmt.Errorf("picture %d, not prepared and prepared: %w", i, err)
		}
	}
	return nil
}

// checkEndedContext: with a context that has ended a batch may fail, but the
// next one must work.
func checkEndedContext(newProcessor Factory, o Options) error {
	return withSession(newProcessor, func(s *session) error {
		n := batchSizes(s.p.Traits(), o)[0]
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.process(ended, makeBatch(n, 0, o)); err != nil && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("with a context that has ended, an error must wrap its error: %w", err)
		}
		return s.process(context.Background(), makeBatch(n, 1, o))
	})
}

// makeBatch makes n entries of different feeds, sizes and formats, each feed's
// the round'th, with room for two entries behind the last.
func makeBatch(n, round int, o Options) []frame.Entry {
	batch := make([]frame.Entry, n, n+2)
	for i := range batch {
		format := frame.I420
		if i%2 == 1 {
			format = frame.NV12
		}
		batch[i].Frame = makeFrame(96+i%3*33, 64+i%3*17, format, round, i, o)
	}
	return batch
}

func makeFrame(width, height int, format frame.Format, round, feed int, o Options) *frame.Frame {
	f := Frame(width, height, format, o.Picture(round))
	f.Feed = frame.FeedID(fmt.Sprintf("feed-%d", feed))
	f.Seq = uint64(round + 1)
	f.PTS = time.Duration(round+1) * f.Duration
	return f
}
