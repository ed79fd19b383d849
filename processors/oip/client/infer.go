package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
)

// secondTry is the pause before the same endpoint is asked again; another one
// is asked at once.
const secondTry = 50 * time.Millisecond

// Infer runs the model once and returns the outputs asked for, in their order.
// The error names each endpoint that was tried, with its reason; when ctx ended
// it wraps the context's.
func (c *Client) Infer(ctx context.Context, call Call) ([]tensor.Tensor, error) {
	request := c.request(call)
	e, err := c.first()
	if err != nil {
		return nil, err
	}
	var tried []*endpoint
	var reasons []string
	for {
		began := time.Now()
		answer, err := c.try(ctx, e, request, call)
		if err == nil {
			c.succeeded(e, time.Since(began))
			return answer, nil
		}
		if end := ended(ctx, began.Add(call.Deadline), err); end != nil {
			return nil, fmt.Errorf("model %s: given up while waiting for %s: %w", c.name(), e.Endpoint, end)
		}
		v := judge(err)
		reasons = append(reasons, c.failed(e, err, v).Error())
		tried = append(tried, e)
		if e = c.next(ctx, tried, v); e == nil {
			return nil, fmt.Errorf("model %s: %s", c.name(), strings.Join(reasons, "; then "))
		}
	}
}

// ended is the context's error if it was the caller's end, and not that of the
// try itself, that made a call fail. Servers know a call's deadline too, and may
// be the first to see that it has passed.
func ended(ctx context.Context, try time.Time, err error) error {
	if end, ok := ctx.Deadline(); ok && !end.After(try) && status.Code(err) == codes.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// first is the endpoint for a new call.
func (c *Client) first() (*endpoint, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opts.Spread {
		c.turn = (c.turn + 1) % len(c.endpoints)
	}
	e := c.pick(nil)
	if e == nil {
		return nil, c.nobody()
	}
	c.budget.call()
	return e, nil
}

// pick is the first endpoint in use that is not among the others; nil: none.
// mu is held.
func (c *Client) pick(others []*endpoint) *endpoint {
	for i := range c.endpoints {
		if e := c.endpoints[(c.turn+i)%len(c.endpoints)]; !e.out && !slices.Contains(others, e) {
			return e
		}
	}
	return nil
}

// next is the endpoint for another try, after a pause where one is due; nil:
// there is to be none.
func (c *Client) next(ctx context.Context, tried []*endpoint, v verdict) *endpoint {
	e := c.allowed(ctx, tried, v)
	if e == nil || !slices.Contains(tried, e) {
		return e
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(jittered(secondTry)):
		return e
	}
}

func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.5 + rand.Float64()))
}

func (c *Client) allowed(ctx context.Context, tried []*endpoint, v verdict) *endpoint {
	if len(tried) > c.opts.Retries || !v.elsewhere {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.pick(tried)
	if e == nil && v.again {
		e = c.pick(nil)
	}
	if end, ok := ctx.Deadline(); e == nil || ok && time.Until(end) < 2*secondTry+c.usual {
		return nil
	}
	if !c.budget.spend() {
		c.refused++
		return nil
	}
	c.retries++
	return e
}

// try calls one endpoint once.
func (c *Client) try(ctx context.Context, e *endpoint, r *oippb.ModelInferRequest, call Call) ([]tensor.Tensor, error) {
	c.mu.Lock()
	conn := e.conn
	e.count.Calls++
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, call.Deadline)
	defer cancel()
	answer, err := oippb.NewGRPCInferenceServiceClient(conn).ModelInfer(ctx, r, grpc.MaxCallRecvMsgSize(answerLimit(call.Outputs)))
	if err != nil {
		return nil, err
	}
	return answered(answer, call.Outputs)
}

func (c *Client) succeeded(e *endpoint, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.succeeded()
	if c.usual == 0 {
		c.usual = took
	}
	c.usual += (took - c.usual) / 8
}

// failed notes a failure, takes the endpoint out of use if it is one too many,
// and returns it in our words.
func (c *Client) failed(e *endpoint, err error, v verdict) *failure {
	f := c.explain(e.Endpoint, err)
	if notice := c.blame(e, f, v); notice != "" {
		c.opts.OnTrouble(notice)
	}
	return f
}

// blame returns what there is to tell.
func (c *Client) blame(e *endpoint, f *failure, v verdict) (notice string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.count.Failures++
	if !v.blame || !e.failed(f, v.atOnce) {
		return ""
	}
	e.count.Outages++
	c.lookAfter(e)
	return c.farewell(e)
}

// farewell says that an endpoint went out of use, and what now. mu is held.
func (c *Client) farewell(e *endpoint) string {
	then := "no endpoint is left: batches fail until one is in use again"
	if other := c.pick(nil); other != nil {
		then = "calls go to " + other.Endpoint.String()
	}
	return fmt.Sprintf("endpoint %v; it is out of use after %d failed calls in a row, %s", e.reason, e.failures, then)
}
