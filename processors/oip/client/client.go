package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// Options is what a client is made of. Endpoints and Model are required.
type Options struct {
	Endpoints []Endpoint
	// Model and Version name the model; without a version the server chooses.
	Model, Version string
	// Retries is the most further tries of a call.
	Retries int
	// Spread sends calls to all endpoints in turn.
	Spread bool
	TLS    TLS
	// Token goes to servers as `authorization: Bearer …`, over TLS, to loopback
	// addresses and, with TokenInPlain, anywhere.
	Token        secret.Secret
	TokenInPlain bool
	// OnTrouble, if set, is told when an endpoint goes out of use, OnNotice when
	// one comes back. Any goroutine calls them, with no lock held.
	OnNotice, OnTrouble func(text string)
	// Dial opens a connection to host:port; nil: TCP, never through a proxy.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// Client calls one model. Connect comes first and Close last; in between any
// goroutine may call Infer and Figures.
type Client struct {
	opts Options
	tls  *tls.Config

	// ctx ends with Close; wg has the goroutines that bring endpoints back.
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	endpoints []*endpoint
	budget    budget
	// turn is where the next call begins to look for an endpoint.
	turn int
	// usual is how long calls that succeed take, smoothed; 0: none has.
	usual time.Duration
	// model is what every endpoint must offer; from Connect on.
	model *tensor.Model
	// retries were made, refused had no budget left.
	retries, refused uint64
}

// endpoint is a server and what is known of it.
type endpoint struct {
	Endpoint
	health
	// conn is nil until the endpoint was ready once.
	conn  *grpc.ClientConn
	count EndpointFigures
}

// New returns a client that has not connected yet. Its errors are about the
// files of TLS, by key.
func New(o Options) (*Client, error) {
	config, err := o.TLS.config()
	if err != nil {
		return nil, err
	}
	if o.OnNotice == nil {
		o.OnNotice = func(string) {}
	}
	if o.OnTrouble == nil {
		o.OnTrouble = func(string) {}
	}
	if o.Dial == nil {
		o.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	}
	c := &Client{opts: o, tls: config, budget: newBudget()}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	for _, e := range o.Endpoints {
		c.endpoints = append(c.endpoints, &endpoint{Endpoint: e})
	}
	if o.Spread {
		c.turn = rand.IntN(max(len(c.endpoints), 1)) // so that several programs do not all begin at the first
	}
	return c, nil
}

// Connect asks all endpoints at once for the model and returns what it takes and
// gives. It fails if none has it ready; those that have not are looked after in
// the background.
func (c *Client) Connect(ctx context.Context) (tensor.Model, error) {
	found := make([]visit, len(c.endpoints))
	var wg sync.WaitGroup
	for i, e := range c.endpoints {
		wg.Go(func() { found[i] = c.visit(ctx, e.Endpoint) })
	}
	wg.Wait()
	var notices []string
	c.mu.Lock()
	for i, e := range c.endpoints {
		if !c.adopt(e, found[i]) {
			notices = append(notices, fmt.Sprintf("endpoint %v; it is not used until it can be", e.reason))
			c.lookAfter(e)
		}
	}
	model, err := c.model, c.nobody()
	c.mu.Unlock()
	if model == nil {
		return tensor.Model{}, err
	}
	for _, text := range notices {
		c.opts.OnTrouble(text)
	}
	return *model, nil
}

// nobody is the error when no endpoint is in use. mu is held.
func (c *Client) nobody() error {
	var reasons []string
	for _, e := range c.endpoints {
		if e.out {
			reasons = append(reasons, e.reason.Error())
		}
	}
	return fmt.Errorf("no endpoint can be used for the model %s: %s", c.name(), strings.Join(reasons, "; "))
}

// name is the model as messages show it.
func (c *Client) name() string {
	if c.opts.Version == "" {
		return c.opts.Model
	}
	return c.opts.Model + ":" + c.opts.Version
}

// Close ends all connections and returns when nothing of the client runs any
// more. Calls under way fail.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.wg.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.endpoints {
		if e.conn != nil {
			e.conn.Close()
		}
	}
}
