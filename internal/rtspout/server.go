package rtspout

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/listen"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

const (
	// idleTimeout ends connections and sessions without any sign of life.
	idleTimeout = 60 * time.Second
	// packetSize is what one packet may take on the wire.
	packetSize = 1472
)

// Server serves every feed's annotated stream. Its methods may be called from
// any goroutine.
type Server struct {
	cfg    Config
	hooks  Hooks
	listen func(network, address string) (net.Listener, error)

	mu      sync.Mutex // guards all below
	streams map[frame.FeedID]*Stream
	rtsp    *gortsplib.Server // nil before Start and after Stop
	handler *handler
	ctx     context.Context // of the streams' goroutines
	cancel  context.CancelFunc
}

// New makes a server of a valid configuration. It does not listen yet.
func New(cfg Config, hooks Hooks) *Server {
	s := &Server{cfg: cfg, hooks: hooks, listen: net.Listen, streams: map[frame.FeedID]*Stream{}}
	s.handler = newHandler(s)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Stream is the stream of a feed, which is registered by the first call, before
// or after Start.
func (s *Server) Stream(feed frame.FeedID) (*Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.streams[feed]; st != nil {
		return st, nil
	}
	st := newStream(feed, s.cfg, s.hooks)
	if err := s.open(st); err != nil {
		return nil, err
	}
	s.streams[feed] = st
	return st, nil
}

// Remove ends a feed's stream and its viewers.
func (s *Server) Remove(feed frame.FeedID) {
	s.mu.Lock()
	st := s.streams[feed]
	delete(s.streams, feed)
	s.mu.Unlock()
	if st != nil {
		st.close()
	}
}

// Start listens. An error names the address and what to do about it.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rtsp != nil || s.ctx.Err() != nil {
		return errors.New("rtspout: started twice")
	}
	secure, err := s.loadTLS()
	if err != nil {
		return err
	}
	server := &gortsplib.Server{
		Handler:     s.handler,
		RTSPAddress: s.cfg.Listen,
		Listen: func(network, address string) (net.Listener, error) {
			l, err := s.listen(network, address)
			return listener{l, secure}, err
		},
		// Ours carry the capture time of the pictures.
		DisableRTCPSenderReports: true,
		WriteQueueSize:           queueSize(int(s.cfg.ViewerQueue)),
		WriteTimeout:             writeTimeout,
		IdleTimeout:              idleTimeout,
	}
	if s.cfg.UDP && secure == nil { // it would not be encrypted
		pair, err := s.listenUDP()
		if err != nil {
			return err
		}
		defer pair.CloseUnused()
		pair.Install(server)
	}
	if err := server.Start(); err != nil {
		return listen.Failed("the RTSP server", "rtsp.listen", s.cfg.Listen, err)
	}
	s.rtsp = server
	for _, st := range s.streams {
		if err := s.open(st); err != nil {
			return err
		}
	}
	return nil
}

// open lets a stream be served, if the server is started; with mu locked.
func (s *Server) open(st *Stream) error {
	if s.rtsp == nil || s.ctx.Err() != nil {
		return nil
	}
	cast, err := rtpcast.New(s.rtsp, string(st.feed), []rtpcast.Track{{Codec: rtpcast.H264}}, s.handler.cut)
	if err != nil {
		return fmt.Errorf("stream of %s: %w", st.feed, err)
	}
	st.cast = cast
	var ctx context.Context
	ctx, st.stop = context.WithCancel(s.ctx)
	go st.run(ctx)
	return nil
}

// close ends viewers and goroutine of a stream that may never have been open.
func (s *Stream) close() {
	if s.stop == nil {
		return
	}
	s.stop()
	<-s.done
	s.cast.Close()
}

// Stop ends all viewers and waits until nothing runs any more, or ctx is done.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	s.cancel()
	server := s.rtsp
	s.rtsp = nil
	streams := s.streams
	s.streams = map[frame.FeedID]*Stream{}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, st := range streams {
			st.close()
		}
		if server != nil {
			server.Close()
		}
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("RTSP server on %s has not stopped: %w", s.cfg.Listen, ctx.Err())
	}
}

// Address is host:port as it is really listened on; empty while not started.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rtsp == nil {
		return ""
	}
	return s.rtsp.NetListener().Addr().String()
}

// URL is where a feed's stream is, without user and password.
func (s *Server) URL(feed frame.FeedID) string {
	scheme := "rtsp"
	if s.cfg.TLSCert != "" {
		scheme = "rtsps"
	}
	return scheme + "://" + s.Address() + "/" + string(feed)
}

func (s *Server) stream(feed frame.FeedID) *Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams[feed]
}

// loadTLS is nil without a certificate.
func (s *Server) loadTLS() (*tls.Config, error) {
	if s.cfg.TLSCert == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(s.cfg.TLSCert, s.cfg.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("tls_cert, tls_key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}

func (s *Server) listenUDP() (*rtpcast.UDPPair, error) {
	host, _, err := net.SplitHostPort(s.cfg.Listen)
	if err != nil {
		return nil, listen.Failed("the RTSP server", "rtsp.listen", s.cfg.Listen, err)
	}
	pair, err := rtpcast.ListenUDPPair(host, s.cfg.UDPPort)
	if err != nil {
		return nil, fmt.Errorf("RTSP server on %s: %w; choose another udp_port, or udp: false", s.cfg.Listen, err)
	}
	return pair, nil
}

// queueSize is a viewer's queue in packets; the library wants a power of two.
func queueSize(bytes int) int {
	n := 1
	for n*packetSize < bytes {
		n *= 2
	}
	return n
}
