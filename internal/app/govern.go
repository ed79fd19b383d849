package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/governor"
)

// govern sees once a second whether the processor keeps up with its feeds, and
// gives them their targets, until ctx ends.
func (p *processor) govern(ctx context.Context) {
	defer close(p.governed)
	if p.config.Overload.Policy != governor.StepDown {
		return
	}
	g := governor.New(p.config.Overload)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	spent := 0.0 // seconds in calls
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now, was := time.Now(), spent
		spent = p.spent()
		p.observe(g, now.Sub(last), time.Duration((spent-was)*float64(time.Second)))
		last = now
	}
}

// spent is the mean of the serving instances' seconds in calls so far.
func (p *processor) spent() float64 {
	h := p.coordinator()
	if h == nil {
		return 0
	}
	s := h.Stats()
	return s.Processing.Sum / float64(max(1, s.Serving))
}

func (p *processor) observe(g *governor.Governor, elapsed, busy time.Duration) {
	lanes := p.joined()
	counts := make([]governor.Count, len(lanes))
	for i, l := range lanes {
		counts[i] = l.count()
	}
	r := g.Observe(elapsed, max(0, busy), counts)
	for i, t := range r.Targets {
		lanes[i].feed.SetTarget(lanes[i].index, t.FPS)
	}
	p.mu.Lock()
	p.load = r.Load
	p.mu.Unlock()
	for _, e := range r.Events {
		p.tell(lanes, e)
	}
}

// joined are the lanes in order of their feeds' names.
func (p *processor) joined() []*lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	lanes := make([]*lane, 0, len(p.lanes))
	for l := range p.lanes {
		lanes = append(lanes, l)
	}
	slices.SortFunc(lanes, func(a, b *lane) int { return cmp.Compare(a.feed.ID(), b.feed.ID()) })
	return lanes
}

// count is what the governor has to know of a feed. A frame that the processor
// failed took its time like another.
func (l *lane) count() governor.Count {
	ledger := l.feed.Ledger(l.index)
	return governor.Count{
		Feed: string(l.feed.ID()), Weight: l.weight,
		Wanted: l.feed.Wanted(l.index),
		Served: ledger[frame.Delivered] + ledger[frame.Failed],
		Lost:   ledger[frame.Superseded] + ledger[frame.Timeout] + ledger[frame.InFlight] + ledger[frame.QueueFull],
	}
}

// tell logs an event with the feed it is about. They are few: one for each feed
// when its rate changes by much.
func (p *processor) tell(lanes []*lane, e governor.Event) {
	level := zapcore.WarnLevel
	if e.Kind == governor.Recovered || e.Kind == governor.OverloadOver {
		level = zapcore.InfoLevel
	}
	message := string(e.Kind) + ": " + e.Text()
	for _, l := range lanes {
		if string(l.feed.ID()) == e.Feed {
			l.log.Log(level, string(e.Kind)+p.config.Name, message, zap.String("processor", p.config.Name))
			return
		}
	}
	p.log.Log(level, message)
}
