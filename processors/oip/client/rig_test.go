package client

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oiptest"
)

// rig is a client with servers a:1, b:1, … on a network in memory, in a bubble
// of virtual time.
type rig struct {
	*Client
	t       *testing.T
	network oiptest.Network
	servers []*oiptest.Server

	mu      sync.Mutex
	notices []string
}

func address(i int) string { return string(rune('a'+i)) + ":1" }

// play runs a story with so many servers; change, if set, changes the client's
// options and the servers before anything starts.
func play(t *testing.T, servers int, change func(*rig, *Options), story func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t}
		o := Options{Model: oiptest.Name, Retries: 1, Dial: r.network.Dial, OnNotice: r.notice, OnTrouble: r.notice}
		for i := range servers {
			r.servers = append(r.servers, oiptest.NewServer(oiptest.Sum{Type: tensor.Float32, Values: 3}))
			o.Endpoints = append(o.Endpoints, Endpoint{Address: address(i)})
		}
		if change != nil {
			change(r, &o)
		}
		for i, s := range r.servers {
			s.Serve(r.network.Listen(address(i)))
			defer s.Stop()
		}
		var err error
		if r.Client, err = New(o); err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		story(t, r)
	})
}

func (r *rig) notice(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices = append(r.notices, text)
}

// told are the notices so far, one a line.
func (r *rig) told() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.notices, "\n")
}

func (r *rig) connect() {
	r.t.Helper()
	if _, err := r.Connect(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

var (
	row     = []float32{1, 2, 3}
	sumOut  = []Output{{Name: "out", Type: tensor.Float32, Shape: []int64{1, 2}}}
	sumsOut = []Output{{Name: "out", Type: tensor.Float32, Shape: []int64{0, 2}}}
)

func rowIn() []Input {
	return []Input{{"in", tensor.Tensor{Type: tensor.Float32, Shape: []int64{1, 3}, Data: tensor.Bytes(row)}}}
}

// infer sends one row and checks the sum that comes back.
func (r *rig) infer() error {
	r.t.Helper()
	return r.inferWithin(context.Background())
}

func (r *rig) inferWithin(ctx context.Context) error {
	r.t.Helper()
	out, err := r.Infer(ctx, Call{rowIn(), sumOut, time.Second})
	if err != nil {
		return err
	}
	if got := tensor.View[float32](out[0].Data); got[0] != 6 || got[1] != 1 {
		r.t.Fatalf("sum and first are %v, want 6 and 1", got)
	}
	return nil
}

func (r *rig) mustInfer() {
	r.t.Helper()
	if err := r.infer(); err != nil {
		r.t.Fatal(err)
	}
}

// mustFail makes a call that has to fail with an error that has each part.
func (r *rig) mustFail(parts ...string) {
	r.t.Helper()
	wants(r.t, r.infer(), parts...)
}

func wants(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q:\n%v", part, err)
		}
	}
}

// asked is how many inferences each server got.
func (r *rig) asked() (calls []int) {
	for _, s := range r.servers {
		n, _ := s.Calls()
		calls = append(calls, n)
	}
	return calls
}

func contextOf(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}
