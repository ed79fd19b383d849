package processortest

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/nvpipe/nvpipe/frame"
)

// session runs one processor the way the coordinator does: every call on one
// goroutine locked to its thread, panics contained.
type session struct {
	p     Processor
	calls chan func()
	done  chan struct{}
}

// open makes a processor and starts it. A processor whose Start fails is not stopped.
func open(newProcessor Factory) (*session, error) {
	p, err := newProcessor()
	if err != nil {
		return nil, fmt.Errorf("the factory failed: %w", err)
	}
	if p == nil {
		return nil, fmt.Errorf("the factory returned no processor")
	}
	s := &session{p: p, calls: make(chan func()), done: make(chan struct{})}
	go s.run()
	if err := s.do("Start", func() error { return p.Start(context.Background()) }); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

func (s *session) run() {
	runtime.LockOSThread()
	defer close(s.done)
	for call := range s.calls {
		call()
	}
}

func (s *session) end() {
	close(s.calls)
	<-s.done
}

func (s *session) do(name string, call func() error) error {
	answer := make(chan error)
	s.calls <- func() {
		var err error
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			answer <- err
		}()
		err = call()
	}
	return <-answer
}

// process runs one batch and checks everything that holds of every batch.
func (s *session) process(ctx context.Context, batch []frame.Entry) error {
	before := photograph(batch)
	err := s.do(fmt.Sprintf("Process of %s", describe(batch)), func() error { return s.p.Process(ctx, batch) })
	if err != nil {
		return err
	}
	if err := s.finish(batch); err != nil {
		return err
	}
	return before.compare(batch)
}

// finish does what Process has left to be done, on another goroutine.
func (s *session) finish(batch []frame.Entry) error {
	answer := make(chan error)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				answer <- fmt.Errorf("Finish: panic: %v\n%s", r, debug.Stack())
			}
		}()
		for i := range batch {
			if f := batch[i].Finish; f != nil {
				batch[i].Finish = nil
				f.Finish(&batch[i])
			}
		}
		answer <- nil
	}()
	return <-answer
}

// close stops the processor; it is called once.
func (s *session) close() error {
	defer s.end()
	return s.do("Stop", s.p.Stop)
}

func describe(batch []frame.Entry) string {
	f := batch[0].Frame
	if f == nil {
		return fmt.Sprintf("%d entries", len(batch))
	}
	return fmt.Sprintf("%d entries, the first %d×%d %v", len(batch), f.Width, f.Height, f.Format)
}
