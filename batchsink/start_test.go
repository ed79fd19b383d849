package batchsink

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// tryNew makes a coordinator and returns it, the error and how long that took.
func tryNew(t *testing.T, p *fake) (*Handle, error, time.Duration) {
	began := time.Now()
	h, err := New(context.Background(), t.Name(), seed(nil), p.factory, Options{})
	return h, err, time.Since(began)
}

func TestStartThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		start func(context.Context) error
		text  string
	}{
		"error": {func(context.Context) error { return errBad }, "bad frame"},
		"panic": {func(context.Context) error { panic("no model") }, "no model"},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				p := &fake{start: c.start}
				h, err, took := tryNew(t, p)
				if h != nil || err == nil || !strings.Contains(err.Error(), c.text) {
					t.Errorf("got %v, %v", h, err)
				}
				equal(t, "took", took, 0)
				equal(t, "stops", p.stops.Load(), 0)
				h, err, _ = tryNew(t, &fake{}) // the id is free again
				if err != nil {
					t.Fatal(err)
				}
				h.Stop(context.Background())
			})
		})
	}
}

func TestStartThatIsTooSlowButHeedsItsContext(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{start: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		_, err, took := tryNew(t, p)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		equal(t, "took", took, 30*time.Second)
		equal(t, "stops", p.stops.Load(), 0)
	})
}

func TestStartThatSucceedsWithinTheGraceIsGoodEnough(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{start: func(context.Context) error {
			time.Sleep(31 * time.Second)
			return nil
		}}
		h, err, _ := tryNew(t, p)
		if err != nil {
			t.Fatal(err)
		}
		h.Stop(context.Background())
		equal(t, "stops", p.stops.Load(), 1)
	})
}

func TestStartThatIsAbandonedStillGetsItsStop(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		stops int64
	}{"success": {nil, 1}, "failure": {errBad, 0}} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				p := &fake{start: func(context.Context) error {
					time.Sleep(time.Minute)
					return c.err
				}}
				_, err, took := tryNew(t, p)
				if !errors.Is(err, ErrHung) || !strings.Contains(err.Error(), "thread was abandoned") {
					t.Errorf("got %v", err)
				}
				equal(t, "took", took, 32*time.Second)
				equal(t, "stops", p.stops.Load(), 0)
				time.Sleep(time.Minute)
				equal(t, "stops later", p.stops.Load(), c.stops)
			})
		})
	}
}

func TestNewGivesUpWithItsContext(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{start: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := New(ctx, t.Name(), seed(nil), p.factory, Options{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		equal(t, "took", time.Since(began), time.Second)
	})
}

func TestOneInstanceOfThreeFailsToStart(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var made, stops atomic.Int32
		cfg := seed(func(c *Config) { c.Instances = 3 })
		_, err := New(context.Background(), t.Name(), cfg, func() (Processor, error) {
			n := made.Add(1)
			return &fake{
				start: func(context.Context) error {
					if n == 2 {
						return errBad
					}
					return nil
				},
				stop: func() error { stops.Add(1); return nil },
			}, nil
		}, Options{})
		if !errors.Is(err, errBad) {
			t.Errorf("got %v", err)
		}
		equal(t, "stops", stops.Load(), 2)
	})
}

func TestOneOfManyWithTheSameIDWins(t *testing.T) {
	virtual(t, func(t *testing.T) {
		var won, refused atomic.Int32
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				h, err, _ := tryNew(t, &fake{start: func(context.Context) error {
					time.Sleep(time.Second)
					return nil
				}})
				switch {
				case err == nil:
					won.Add(1)
					time.Sleep(time.Minute)
					h.Stop(context.Background())
				case errors.Is(err, ErrDuplicate):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		equal(t, "won", won.Load(), 1)
		equal(t, "refused", refused.Load(), 19)
	})
}

func TestBadFactories(t *testing.T) {
	for name, f := range map[string]Factory{
		"error":    func() (Processor, error) { return nil, errBad },
		"nil":      func() (Processor, error) { return nil, nil },
		"panic":    func() (Processor, error) { panic("boom") },
		"no sizes": func() (Processor, error) { return &fake{traits: frame.Traits{BatchSizes: []int{8, 16}}}, nil },
		"unsorted": func() (Processor, error) { return &fake{traits: frame.Traits{BatchSizes: []int{4, 1}}}, nil },
		"zero":     func() (Processor, error) { return &fake{traits: frame.Traits{BatchSizes: []int{0, 1}}}, nil },
	} {
		if _, err := New(context.Background(), t.Name(), seed(nil), f, Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := New(context.Background(), t.Name(), Config{}, (&fake{}).factory, Options{}); err == nil {
		t.Error("an invalid configuration is accepted")
	}
}

func TestAttachRefusals(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{})
		r.attach(1, FeedOptions{})
		if _, err := r.Attach("a", FeedOptions{}); err == nil {
			t.Error("a feed was attached twice")
		}
		if _, err := r.Attach("b", FeedOptions{Weight: 11}); err == nil {
			t.Error("a weight of 11 was accepted")
		}
		r.end()
		if _, err := r.Attach("b", FeedOptions{}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("attach after Stop: %v", err)
		}
		synctest.Wait()
	})
}
