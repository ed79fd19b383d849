package batchsink

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

func with(policy string, edit func(*Config)) Config {
	c := DefaultConfig()
	c.Policy = policy
	c.MaxBatchSize = 8
	if edit != nil {
		edit(&c)
	}
	return c
}

// loops has n feeds submit again as soon as they have an answer, for d, and
// returns how many answers each had and the longest time to one after warm-up.
func loops(r *rig, n int, d time.Duration) (answers []int, longest time.Duration) {
	answers = make([]int, n)
	took := make(chan time.Duration, n)
	for i := range n {
		go func() {
			f := r.frame(feedName(i))
			defer f.Release()
			var worst time.Duration
			for began := time.Now(); time.Since(began) < d; answers[i]++ {
				res, err := r.ports[f.Feed].SubmitAndWait(context.Background(), f, frame.ViewState{})
				if err != nil || res.Outcome != frame.Delivered {
					r.t.Errorf("feed %s: %v %v", f.Feed, res.Outcome, err)
				}
				if time.Since(began) > time.Second {
					worst = max(worst, res.Timings.Total)
				}
			}
			took <- worst
		}()
	}
	for range n {
		longest = max(longest, <-took)
	}
	return answers, longest
}

// Seven feeds under a batch size of eight: the seed waits 50 ms for an eighth
// that does not exist; the others do not.
func TestNobodyIsWaitedForWhoDoesNotExist(t *testing.T) {
	for _, c := range []struct {
		policy  string
		longest time.Duration
		fps     int
	}{{"window", 55 * time.Millisecond, 18}, {"fill", 6 * time.Millisecond, 180}, {"adaptive", 6 * time.Millisecond, 180}} {
		for _, feeds := range []int{7, 8} {
			if feeds == 8 && c.policy == "window" {
				continue // the eighth makes the seed fast too
			}
			t.Run(fmt.Sprint(c.policy, feeds), func(t *testing.T) {
				virtual(t, func(t *testing.T) {
					r := newRig(t, with(c.policy, nil), &fake{process: takes(5 * time.Millisecond)})
					r.attach(feeds, FeedOptions{})
					answers, longest := loops(r, feeds, 10*time.Second)
					for i, n := range answers {
						if n < 10*c.fps {
							t.Errorf("feed %d: %d answers in 10 s", i, n)
						}
					}
					if longest > c.longest {
						t.Errorf("an answer took %v", longest)
					}
					r.stopNow()
				})
			})
		}
	}
}

// paced has n feeds submit every interval, in turn spread over it.
func paced(r *rig, n int, interval time.Duration, rounds int) {
	for range rounds {
		for i := range n {
			r.submit(feedName(i))
			time.Sleep(interval / time.Duration(n))
		}
	}
	time.Sleep(time.Second)
}

func TestFillWaitsForTheExpectedAndNoLonger(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{process: takes(time.Millisecond)}
		r := newRig(t, with("fill", nil), p)
		// Four feeds, 80 ms apart each, 20 ms from one to the next: within 50 ms
		// of the first come two more, and a batch closes with the third.
		r.attach(4, FeedOptions{})
		paced(r, 4, 80*time.Millisecond, 20)
		calls := p.seen()
		for i, call := range calls[3 : len(calls)-2] {
			if len(call) != 3 {
				t.Errorf("batch %d has %d entries", i+3, len(call))
			}
		}
		if s := r.Stats(); s.Batches[ReasonNobody] < 20 {
			t.Errorf("batches: %v", s.Batches)
		}
		r.end()
	})
}

func TestStalledAndLeavingFeedsAreNotExpected(t *testing.T) {
	for name, end := range map[string]func(r *rig){
		"stalled":  func(r *rig) { r.ports["b"].SetLive(false) },
		"detached": func(r *rig) { r.ports["b"].Detach() },
		"overdue":  func(r *rig) { time.Sleep(time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				r := newRig(t, with("fill", nil), &fake{})
				r.attach(2, FeedOptions{})
				for range 10 {
					r.mustSubmit("a")
					time.Sleep(10 * time.Millisecond)
					r.mustSubmit("b")
					time.Sleep(30 * time.Millisecond)
				}
				r.mustSubmit("a")
				synctest.Wait()
				equal(t, "answers while b is expected", len(r.got()), 20)
				time.Sleep(200 * time.Millisecond)
				n := len(r.got())
				r.mustSubmit("b")
				time.Sleep(time.Second)
				end(r)
				r.mustSubmit("a")
				synctest.Wait()
				equal(t, "answers when it is not", len(r.got()), n+2)
				r.end()
			})
		})
	}
}

func TestANewFeedIsExpectedForOneInterval(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, with("fill", nil), &fake{})
		r.attachOne("a", FeedOptions{})
		r.attachOne("b", FeedOptions{Interval: 20 * time.Millisecond})
		began := time.Now()
		r.mustSubmit("a")
		time.Sleep(time.Second)
		equal(t, "answer", r.got()[0].at.Sub(began), 20*time.Millisecond)
		r.end()
	})
}

func TestEagerTakesWhatThereIs(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{process: takes(10 * time.Millisecond)}
		r := newRig(t, with("eager", nil), p)
		r.attach(4, FeedOptions{})
		r.mustSubmit("a")
		synctest.Wait()
		r.mustSubmit("b", "c", "d")
		time.Sleep(time.Second)
		equal(t, "calls", p.callCount(), 2)
		equal(t, "second batch", len(p.seen()[1]), 3)
		r.end()
	})
}

// costing makes a call of n entries last base + each·n.
func costing(base, each time.Duration) func(context.Context, []frame.Entry) error {
	return func(_ context.Context, batch []frame.Entry) error {
		time.Sleep(base + each*time.Duration(len(batch)))
		return nil
	}
}

// Two feeds, the second 2 ms behind the first. On a device whose calls cost
// 10 ms whatever their size it pays to wait for it; where each entry costs
// 10 ms it does not.
func TestAdaptiveWaitsWhereItPays(t *testing.T) {
	for name, c := range map[string]struct {
		base, each time.Duration
		size       int
	}{
		"flat":   {10 * time.Millisecond, 0, 2},
		"linear": {0, 10 * time.Millisecond, 1},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				p := &fake{process: costing(c.base, c.each)}
				r := newRig(t, with("adaptive", nil), p)
				r.attach(2, FeedOptions{})
				for range 50 {
					r.mustSubmit("a")
					time.Sleep(2 * time.Millisecond)
					r.mustSubmit("b")
					time.Sleep(64 * time.Millisecond)
				}
				time.Sleep(time.Second)
				for i, call := range p.seen()[20:] {
					if len(call) != c.size {
						t.Errorf("batch %d has %d entries", i+20, len(call))
					}
				}
				r.end()
			})
		})
	}
}

func TestAdaptiveKeepsItsTarget(t *testing.T) {
	virtual(t, func(t *testing.T) {
		p := &fake{process: takes(10 * time.Millisecond)}
		r := newRig(t, with("adaptive", func(c *Config) { c.TargetLatency = 11 * time.Millisecond }), p)
		r.attach(2, FeedOptions{})
		for range 50 {
			r.mustSubmit("a")
			time.Sleep(2 * time.Millisecond)
			r.mustSubmit("b")
			time.Sleep(64 * time.Millisecond)
		}
		// Waiting 2 ms for b would answer a after 12 ms.
		for i, a := range r.got() {
			if a.feed == "a" && a.result.Timings.Total > 11*time.Millisecond {
				t.Errorf("answer %d took %v", i, a.result.Timings.Total)
			}
		}
		r.end()
	})
}

func TestCostsInterpolate(t *testing.T) {
	c := newCosts(shape{largest: 16})
	equal(t, "nothing known", c.of(4), 0)
	c.observe(4, 8*time.Millisecond)
	equal(t, "below", c.of(1), 8*time.Millisecond)
	equal(t, "above", c.of(8), 8*time.Millisecond)
	c.observe(8, 12*time.Millisecond)
	equal(t, "between", c.of(6), 10*time.Millisecond)
	for range 100 {
		c.observe(8, 20*time.Millisecond)
	}
	if got := c.of(8); got < 19*time.Millisecond {
		t.Errorf("a change of cost is not learnt: %v", got)
	}
}

func TestRhythmFollowsACameraAndAClosedLoop(t *testing.T) {
	var camera, loop rhythm
	camera.begin(0)
	loop.begin(0)
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	at := time.Duration(0)
	for i := range 50 {
		camera.arrived(ms(66 * i))
		camera.answered(ms(66*i + 5 + i*7%30))
		loop.arrived(at)
		at += ms(5 + i*7%30)
		loop.answered(at)
		at += ms(1)
	}
	next, _, _ := camera.next(0)
	if off := next - ms(66*50); off < -ms(1) || off > ms(1) {
		t.Errorf("camera expected %v off", off)
	}
	next, _, _ = loop.next(0)
	if off := next - at; off < -ms(1) || off > ms(1) {
		t.Errorf("loop expected %v off", off)
	}
}
