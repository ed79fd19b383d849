package rtspcam

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/auth"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

// Options are what a camera is for all its life; the zero value is a camera
// that anybody may read over UDP and TCP.
type Options struct {
	// Path of the stream; default "/stream".
	Path string
	// Address to listen on; default "127.0.0.1:0", a free port that the camera
	// keeps when it is stopped and started.
	Address string
	// User and Password, if clients must give them.
	User, Password string
	// DigestOnly: basic authentication is not offered.
	DigestOnly bool
	// NoTCP, NoUDP: the transport is refused with status 461.
	NoTCP, NoUDP bool
	// FromPlay: the stream begins when it is first played, instead of when the
	// camera is first started; so a client sees a clip from its first picture.
	FromPlay bool
	// First is where the RTP counters of every track begin; nil: random.
	First *rtpcast.First
	// TLS serves RTSPS.
	TLS *tls.Config
	// OnError gets the error that ended the source, and those of units that
	// cannot be sent; nil: they are dropped.
	OnError func(error)

	listen func(network, address string) (net.Listener, error) // tests without sockets
}

// Camera is one camera. All methods may be called from any goroutine.
type Camera struct {
	source  Source
	tracks  []Track
	options Options

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{} // closed when the source has returned

	power sync.Mutex // serializes Start, Stop and Close

	mu      sync.Mutex // guards all below
	faults  Faults
	counts  Counts
	account account
	params  [][][]byte // of each track, as last seen
	address string
	on      *device // nil while off
	run     bool    // the stream has begun
}

// New makes a camera that is off.
func New(source Source, options Options) *Camera {
	if options.Path == "" {
		options.Path = "/stream"
	}
	if options.Address == "" {
		options.Address = "127.0.0.1:0"
	}
	if options.listen == nil {
		options.listen = net.Listen
	}
	c := &Camera{
		source: source, tracks: source.Tracks(), options: options,
		done: make(chan struct{}), address: options.Address,
	}
	for _, t := range c.tracks {
		c.params = append(c.params, t.Params)
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Start turns the camera on: it listens, on the same port as before, and its
// stream begins. Starting a camera that is on does nothing.
func (c *Camera) Start() error {
	c.power.Lock()
	defer c.power.Unlock()
	if c.ctx.Err() != nil {
		return errors.New("camera is closed")
	}
	if c.device() != nil {
		return nil
	}
	d, err := c.newDevice()
	if err != nil {
		return fmt.Errorf("camera on %s: %w", c.Address(), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = d
	d.link.set(c.faults) // they may have changed meanwhile
	c.address = d.server.NetListener().Addr().String()
	if !c.options.FromPlay {
		c.begin()
	}
	return nil
}

// begin lets the stream begin, once; with mu locked.
func (c *Camera) begin() {
	if !c.run && c.ctx.Err() == nil {
		c.run = true
		go c.runSource()
	}
}

// played is called when a session has begun to play.
func (c *Camera) played() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin()
}

// Stop turns the camera off: its connections break and its port refuses new
// ones, as when it reboots. The stream's time goes on.
func (c *Camera) Stop() {
	c.power.Lock()
	defer c.power.Unlock()
	c.mu.Lock()
	d := c.on
	c.on = nil
	c.mu.Unlock()
	if d != nil {
		d.close()
	}
}

// Close turns the camera off for good and waits for its source to return.
func (c *Camera) Close() {
	c.cancel()
	c.Stop()
	c.mu.Lock()
	run := c.run
	c.mu.Unlock()
	if run {
		<-c.done
	}
}

// Address is host:port; the port is known once Start has returned.
func (c *Camera) Address() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.address
}

// URL is where the stream is, without user and password.
func (c *Camera) URL() string {
	scheme := "rtsp"
	if c.options.TLS != nil {
		scheme = "rtsps"
	}
	return scheme + "://" + c.Address() + c.options.Path
}

func (c *Camera) runSource() {
	defer close(c.done)
	if err := c.source.Run(c.ctx, c.send); err != nil && c.ctx.Err() == nil && c.options.OnError != nil {
		c.options.OnError(fmt.Errorf("camera %s: %w", c.URL(), err))
	}
}

// send is where the stream meets the camera: it learns the parameter sets,
// spoils the unit as the faults say, and sends it if the camera is on.
func (c *Camera) send(track int, p frame.Packet) {
	c.mu.Lock()
	d, faults := c.on, c.faults
	if p.Keyframe {
		if params := c.tracks[track].Codec.Params(p.Data); params != nil {
			c.params[track] = params
			if d != nil {
				d.announce(track, params, faults)
			}
		}
	}
	c.mu.Unlock()
	if d == nil {
		return
	}
	u, ok := faults.unit(track, c.tracks[track].Codec, p)
	if !ok {
		return
	}
	// A unit that cannot be packetized is a mistake of the source; the camera
	// sends the others.
	if err := d.cast.Send(u); err != nil && c.options.OnError != nil {
		c.options.OnError(fmt.Errorf("camera %s: %w", c.URL(), err))
	}
}

func (c *Camera) device() *device {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.on
}

// device is the camera while it is on.
type device struct {
	server  *gortsplib.Server
	link    *link
	handler *handler
	cast    *rtpcast.Cast
}

func (c *Camera) newDevice() (*device, error) {
	h := newHandler(c)
	l := newLink(c.currentFaults())
	server := &gortsplib.Server{
		Handler:     h,
		RTSPAddress: c.Address(),
		Listen: func(network, address string) (net.Listener, error) {
			inner, err := c.options.listen(network, address)
			return linkListener{inner, l}, err
		},
		TLSConfig:                c.options.TLS,
		DisableRTCPSenderReports: true, // ours carry the pictures' own times
		// Bounds what a client that does not read costs; a keyframe must fit.
		WriteQueueSize: 4096,
		WriteTimeout:   writeLimit,
		IdleTimeout:    60 * time.Second,
	}
	if c.options.DigestOnly {
		server.AuthMethods = []auth.VerifyMethod{auth.VerifyMethodDigestMD5}
	}
	if !c.options.NoUDP {
		host, _, err := net.SplitHostPort(c.options.Address)
		if err != nil {
			return nil, err
		}
		pair, err := rtpcast.ListenUDPPair(host, 0)
		if err != nil {
			return nil, err
		}
		defer pair.CloseUnused()
		pair.Install(server)
	}
	if err := c.boot(server, h); err != nil {
		return nil, err
	}
	return &device{server, l, h, h.cast}, nil
}

func (c *Camera) boot(server *gortsplib.Server, h *handler) error {
	// Requests wait here until there is a stream to answer with.
	h.mu.Lock()
	err := server.Start()
	if err != nil {
		h.mu.Unlock()
		return err
	}
	h.cast, err = c.newCast(server)
	h.mu.Unlock()
	if err != nil {
		server.Close()
	}
	return err
}

func (c *Camera) newCast(server *gortsplib.Server) (*rtpcast.Cast, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tracks := make([]Track, len(c.tracks))
	for i, t := range c.tracks {
		t.Params = c.faults.announced(c.params[i])
		if c.options.First != nil {
			t.First = c.options.First
		}
		tracks[i] = t
	}
	title := strings.TrimPrefix(c.options.Path, "/")
	return rtpcast.New(server, title, tracks, func(s *gortsplib.ServerSession) { s.Close() })
}

func (d *device) announce(track int, params [][]byte, f Faults) {
	d.cast.SetParams(track, f.announced(params))
}

func (d *device) close() {
	close(d.handler.closing)
	d.link.hangUp()
	d.cast.Close()
	d.server.Close()
	d.link.closeAll() // those that had to wait for a stall to end
	d.handler.forgetAll()
}
