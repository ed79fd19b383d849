package oiptest

import (
	"context"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
)

// Name is what the server calls its model.
const Name = "model"

// Behaviour is how a server answers. The zero value is a well-behaved one.
type Behaviour struct {
	// Token that calls must bring; empty: none.
	Token string
	// NotReady: neither the server nor the model is.
	NotReady bool
	// Delay of each inference; it ends early when the caller has gone.
	Delay time.Duration
	// Code, if not OK, is what an inference fails with, and Text what it says.
	Code codes.Code
	Text string
	// Drop cuts the connection of an inference in the middle.
	Drop bool
	// Typed: the values are not sent raw.
	Typed bool
	// Twist, if set, changes the answer.
	Twist func(*oippb.ModelInferResponse)
	// Once: all this is for one inference; the next is as by the zero value, but
	// for the token.
	Once bool
}

// Server serves one model on one address at a time.
type Server struct {
	oippb.UnimplementedGRPCInferenceServiceServer
	model   Model
	options []grpc.ServerOption

	mu        sync.Mutex
	behaviour Behaviour
	calls     int
	last      *oippb.ModelInferRequest
	conns     map[net.Conn]struct{}
	running   *grpc.Server
	done      chan struct{}
}

// NewServer returns a server that is not serving yet.
func NewServer(m Model, options ...grpc.ServerOption) *Server {
	return &Server{model: m, options: options, conns: map[net.Conn]struct{}{}}
}

// Serve begins to serve on l and returns.
func (s *Server) Serve(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = grpc.NewServer(append([]grpc.ServerOption{grpc.MaxRecvMsgSize(1 << 30)}, s.options...)...)
	oippb.RegisterGRPCInferenceServiceServer(s.running, s)
	s.done = make(chan struct{})
	go func(running *grpc.Server, done chan struct{}) {
		defer close(done)
		_ = running.Serve(watched{l, s}) // ends with Stop
	}(s.running, s.done)
}

// Stop ends serving at once, in the middle of calls; Serve begins anew.
func (s *Server) Stop() {
	s.mu.Lock()
	running, done := s.running, s.done
	s.running = nil
	s.mu.Unlock()
	if running != nil {
		running.Stop()
		<-done
	}
}

// Behave sets how it answers from now on.
func (s *Server) Behave(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = b
}

// Calls is how many inferences were asked for, answered or not, and the last of
// them.
func (s *Server) Calls() (int, *oippb.ModelInferRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, s.last
}

// watched keeps the connections, to be able to cut them.
type watched struct {
	net.Listener
	s *Server
}

type watchedConn struct {
	net.Conn
	s *Server
}

func (w watched) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &watchedConn{conn, w.s}
	w.s.mu.Lock()
	w.s.conns[c] = struct{}{}
	w.s.mu.Unlock()
	return c, nil
}

func (c *watchedConn) Close() error {
	c.s.mu.Lock()
	delete(c.s.conns, c)
	c.s.mu.Unlock()
	return c.Conn.Close()
}

// cut closes all connections.
func (s *Server) cut() {
	s.mu.Lock()
	var all []net.Conn
	for c := range s.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.Close()
	}
}

// admit checks the token and says how to behave.
func (s *Server) admit(ctx context.Context, infer bool) (Behaviour, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.behaviour
	if infer && b.Once {
		s.behaviour = Behaviour{Token: b.Token}
	}
	md, _ := metadata.FromIncomingContext(ctx)
	if got := md.Get("authorization"); b.Token != "" && (len(got) != 1 || got[0] != "Bearer "+b.Token) {
		// Some servers are so careless.
		return b, status.Errorf(codes.Unauthenticated, "not a valid token: %q", got)
	}
	return b, nil
}

// ServerReady answers by Behaviour.
func (s *Server) ServerReady(ctx context.Context, _ *oippb.ServerReadyRequest) (*oippb.ServerReadyResponse, error) {
	b, err := s.admit(ctx, false)
	return &oippb.ServerReadyResponse{Ready: !b.NotReady}, err
}

// ModelReady answers by Behaviour.
func (s *Server) ModelReady(ctx context.Context, r *oippb.ModelReadyRequest) (*oippb.ModelReadyResponse, error) {
	b, err := s.admit(ctx, false)
	return &oippb.ModelReadyResponse{Ready: !b.NotReady && r.GetName() == Name}, err
}

// ModelMetadata is the model's own, with -1 for open dimensions.
func (s *Server) ModelMetadata(ctx context.Context, _ *oippb.ModelMetadataRequest) (*oippb.ModelMetadataResponse, error) {
	if _, err := s.admit(ctx, false); err != nil {
		return nil, err
	}
	values := func(all []tensor.Value) (list []*oippb.ModelMetadataResponse_TensorMetadata) {
		for _, v := range all {
			m := &oippb.ModelMetadataResponse_TensorMetadata{Name: v.Name, Datatype: names[v.Type]}
			for _, d := range v.Shape {
				if d.Size == 0 {
					d.Size = -1
				}
				m.Shape = append(m.Shape, d.Size)
			}
			list = append(list, m)
		}
		return list
	}
	m := s.model.Describe()
	return &oippb.ModelMetadataResponse{
		Name: Name, Versions: []string{"1"}, Platform: "onnx", Inputs: values(m.Inputs), Outputs: values(m.Outputs),
	}, nil
}

var names = map[tensor.Type]string{
	tensor.Float32: "FP32", tensor.Float16: "FP16", tensor.Uint8: "UINT8", tensor.Int32: "INT32", tensor.Int64: "INT64", tensor.Float64: "FP64",
}
