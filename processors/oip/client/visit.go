package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
)

// visitTime bounds how long an endpoint that is not in use has to say whether
// it is ready.
const visitTime = 5 * time.Second

// visit is what came of asking an endpoint: a new connection and what the model
// is there, or the reason.
type visit struct {
	conn  *grpc.ClientConn
	model tensor.Model
	err   error
}

// visit opens a connection of its own: one that failed may be waiting to dial
// again, much longer than we want to.
func (c *Client) visit(ctx context.Context, e Endpoint) visit {
	ctx, cancel := context.WithTimeout(ctx, visitTime)
	defer cancel()
	conn, err := c.dial(e)
	if err != nil {
		return visit{err: c.explain(e, err)}
	}
	model, err := c.inspect(ctx, oippb.NewGRPCInferenceServiceClient(conn))
	if err != nil {
		conn.Close()
		return visit{err: c.explain(e, err)}
	}
	return visit{conn: conn, model: model}
}

func (c *Client) dial(e Endpoint) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(e.transport(c.tls)),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return c.opts.Dial(ctx, address) }),
		// Retrying is ours: gRPC's own knows neither the budget nor other endpoints.
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("nvpipe"),
	}
	if !c.opts.Token.IsZero() {
		options = append(options, grpc.WithPerRPCCredentials(bearer{c.opts.Token, !e.Secure && (c.opts.TokenInPlain || e.Local())}))
	}
	return grpc.NewClient("passthrough:///"+e.Address, options...)
}

// inspect asks for the model. Whether the server calls itself ready is only
// asked to explain: Triton does so only while each of its models is.
func (c *Client) inspect(ctx context.Context, s oippb.GRPCInferenceServiceClient) (tensor.Model, error) {
	ready, err := s.ModelReady(ctx, &oippb.ModelReadyRequest{Name: c.opts.Model, Version: c.opts.Version})
	if err != nil {
		return tensor.Model{}, err
	}
	if !ready.GetReady() {
		server, err := s.ServerReady(ctx, &oippb.ServerReadyRequest{})
		if err == nil && !server.GetReady() {
			return tensor.Model{}, errors.New("the server is not ready, nor is the model " + c.name())
		}
		return tensor.Model{}, fmt.Errorf("the model %s is not ready there: check that it is loaded, and `model` and `model_version`", c.name())
	}
	m, err := s.ModelMetadata(ctx, &oippb.ModelMetadataRequest{Name: c.opts.Model, Version: c.opts.Version})
	if err != nil {
		return tensor.Model{}, err
	}
	return description(m), nil
}

// adopt takes the endpoint into use if the visit went well, and reports that.
// mu is held.
func (c *Client) adopt(e *endpoint, v visit) bool {
	if v.err == nil && c.model == nil {
		c.model = &v.model
	}
	if v.err == nil && !sameTensors(*c.model, v.model) {
		v.conn.Close()
		v.err = c.explain(e.Endpoint, status.Errorf(codes.FailedPrecondition,
			"the model %s takes %v and gives %v there, elsewhere it takes %v and gives %v: all endpoints must have the same",
			c.name(), v.model.Inputs, v.model.Outputs, c.model.Inputs, c.model.Outputs))
	}
	if v.err != nil {
		e.leave(v.err)
		return false
	}
	if e.conn != nil {
		e.conn.Close()
	}
	e.conn = v.conn
	e.back()
	return true
}

// sameTensors compares without regard to order, which some servers do not keep.
func sameTensors(a, b tensor.Model) bool {
	return sameValues(a.Inputs, b.Inputs) && sameValues(a.Outputs, b.Outputs)
}

func sameValues(a, b []tensor.Value) bool {
	byName := func(values []tensor.Value) []tensor.Value {
		return slices.SortedFunc(slices.Values(values), func(x, y tensor.Value) int { return cmp.Compare(x.Name, y.Name) })
	}
	return slices.EqualFunc(byName(a), byName(b), func(x, y tensor.Value) bool {
		return x.Name == y.Name && x.Type == y.Type && slices.Equal(x.Shape, y.Shape)
	})
}

// lookAfter has the endpoint visited until it can be used. mu is held.
func (c *Client) lookAfter(e *endpoint) {
	if !c.closed {
		c.wg.Go(func() { c.revive(e) })
	}
}

// revive visits an endpoint that is out of use until it can be used again.
func (c *Client) revive(e *endpoint) {
	for {
		c.mu.Lock()
		pause := e.pause(rand.Float64())
		c.mu.Unlock()
		select {
		case <-c.ctx.Done():
			return
		case <-time.After(pause):
		}
		v := c.visit(c.ctx, e.Endpoint)
		c.mu.Lock()
		adopted := c.adopt(e, v) // Close closes the connection, also one that comes late
		c.mu.Unlock()
		if adopted {
			c.opts.OnNotice(fmt.Sprintf("endpoint %s is in use again", e.Endpoint))
			return
		}
	}
}
