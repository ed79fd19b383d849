package oip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect"
	"github.com/nvpipe/nvpipe/processors/oip/client"
)

// Options is what code passes in beside the users' Config.
type Options struct {
	// MaxBatch is the largest batch to expect. Larger ones are run in parts.
	// 0: 1.
	MaxBatch int
	// HangTimeout is how long a Process call may take before the caller gives
	// the processor up; it ends before that. 0: no limit but the context's.
	HangTimeout time.Duration
	// Overlap leaves the reading of what comes out to Entry.Finish, so that it
	// can be done beside the next batch; who calls Process must then call that.
	Overlap bool
	// OnNotice, if set, is told what an operator should know: what Start found,
	// and each time an endpoint comes back; OnTrouble each time one goes out of
	// use. From any goroutine.
	OnNotice, OnTrouble func(text string)
	// Dial opens a connection to host:port; nil: TCP.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// Processor is a detector on a server. Start, Process and Stop are for one
// goroutine, Prepare and Figures for any.
type Processor struct {
	cfg       Config
	opts      Options
	endpoints []client.Endpoint

	// intake is there from the first Start on.
	intake atomic.Pointer[detect.Intake]
	client atomic.Pointer[client.Client]
	// From Start to Stop.
	detector *detect.Detector
}

// New checks cfg and the files it names; it connects to nothing. Its errors are
// about keys of Config, like Validate's.
func New(cfg Config, opts Options) (*Processor, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	endpoints, err := cfg.endpoints()
	if err != nil {
		return nil, err
	}
	if err := cfg.TLS.Check(); err != nil {
		return nil, invalid.Under("tls", err)
	}
	if most := limit(opts.HangTimeout); opts.HangTimeout > 0 && cfg.Deadline > most {
		return nil, invalid.Field("deadline", "must be at most %v, nine tenths of the batch's hang_timeout, is %v: raise batch.hang_timeout or lower it", most, cfg.Deadline)
	}
	opts.MaxBatch = max(opts.MaxBatch, 1)
	if opts.OnNotice == nil {
		opts.OnNotice = func(string) {}
	}
	if opts.OnTrouble == nil {
		opts.OnTrouble = func(string) {}
	}
	return &Processor{cfg: cfg, opts: opts, endpoints: endpoints}, nil
}

// limit is how long a batch may take with all its tries: short of being taken
// for hung, so that its error says what was wrong.
func limit(hang time.Duration) time.Duration { return hang / 10 * 9 }

// Traits are none: what the model takes is known only when a server has been
// asked. A model whose batch dimension is fixed is given what it takes.
func (p *Processor) Traits() frame.Traits { return frame.Traits{} }

// Prepare letterboxes an entry's picture before its batch is known; nil: there
// is no room now.
func (p *Processor) Prepare(e *frame.Entry) frame.Prepared {
	if in := p.intake.Load(); in != nil {
		return in.Prepare(e)
	}
	return nil
}

// Process detects in every entry's picture. An entry whose picture cannot be
// read fails alone; a server's error fails the batch.
func (p *Processor) Process(ctx context.Context, batch []frame.Entry) error {
	if p.detector == nil {
		return errors.New("oip: not started")
	}
	within := ctx
	if p.opts.HangTimeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, limit(p.opts.HangTimeout))
		defer cancel()
	}
	err := p.detector.Process(within, batch)
	switch {
	case err == nil:
		return nil
	case p.opts.HangTimeout > 0 && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return fmt.Errorf("oip: the batch was not done within %v, nine tenths of its hang_timeout: %w", limit(p.opts.HangTimeout), err)
	}
	return fmt.Errorf("oip: %w", err)
}

// Start connects, reads what the model takes and gives, and runs it once. After
// an error nothing is left behind.
func (p *Processor) Start(ctx context.Context) error {
	if p.detector != nil {
		return errors.New("oip: started already")
	}
	c, err := client.New(client.Options{
		Endpoints: p.endpoints, Model: p.cfg.Model, Version: p.cfg.ModelVersion, Retries: p.cfg.Retries, Spread: p.cfg.Spread,
		TLS: p.cfg.TLS, Token: p.cfg.Token, TokenInPlain: p.cfg.AllowPlaintextToken, OnNotice: p.opts.OnNotice, OnTrouble: p.opts.OnTrouble, Dial: p.opts.Dial,
	})
	if err != nil {
		return fmt.Errorf("oip: tls.%w", err)
	}
	if err := p.begin(ctx, c); err != nil {
		c.Close()
		return fmt.Errorf("oip: %w", err)
	}
	p.client.Store(c)
	return nil
}

func (p *Processor) begin(ctx context.Context, c *client.Client) error {
	model, err := c.Connect(ctx)
	if err != nil {
		return err
	}
	plan, err := detect.NewPlan(model, p.cfg.Model, p.cfg.Config)
	if err != nil {
		return err
	}
	in := detect.NewIntake(plan, p.opts.MaxBatch)
	run := &runner{client: c, plan: plan, deadline: warmDeadline}
	d := detect.NewDetector(in, run, detect.Options{Threads: runtime.GOMAXPROCS(0), Overlap: p.opts.Overlap})
	if err := p.warm(ctx, d, plan); err != nil {
		d.Close()
		return err
	}
	run.deadline = p.cfg.Deadline
	p.detector = d
	p.intake.Store(in)
	p.announce(c, plan)
	return nil
}

// warmDeadline is for a server's first runs: many finish loading a model then.
// The context of Start bounds them too.
const warmDeadline = time.Minute

// warm runs the smallest and the largest batch that is to be expected, to see
// that the server takes them and gives what its description promises.
func (p *Processor) warm(ctx context.Context, d *detect.Detector, plan *detect.Plan) error {
	largest := plan.Chunk(p.opts.MaxBatch)
	if plan.OpenBatch() && largest > 1 {
		if err := d.Warm(ctx, 1); err != nil {
			return err
		}
	}
	err := d.Warm(ctx, largest)
	if err != nil && plan.OpenBatch() && largest > 1 && ctx.Err() == nil {
		return fmt.Errorf("%w; one picture works: lower batch.max_batch_size to what the server takes, or raise it there", err)
	}
	return err
}

func (p *Processor) announce(c *client.Client, plan *detect.Plan) {
	var up []string
	for _, e := range c.Figures().Endpoints {
		if e.Up {
			up = append(up, e.Endpoint)
		}
	}
	p.opts.OnNotice(fmt.Sprintf("model %s at %s is read as %v", p.cfg.Model, strings.Join(up, ", "), plan))
	if plan.Batch == 1 && p.opts.MaxBatch > 1 {
		p.opts.OnNotice(fmt.Sprintf("model %s takes one picture at a time (batch dimension fixed at 1): batches are sent one by one; "+
			"export it with an open batch dimension, and give the server a largest batch, to have them run together", p.cfg.Model))
	}
}

// Stop closes the connections. It may be called before Start and twice.
func (p *Processor) Stop() error {
	if p.detector == nil {
		return nil
	}
	p.detector.Close()
	p.detector = nil
	p.client.Load().Close()
	return nil
}
