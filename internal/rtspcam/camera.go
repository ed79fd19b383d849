package rtspcam

import (
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
	// DigestOnly and BasicOnly: the other authentication is not offered.
	DigestOnly, BasicOnly bool
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
	options Options

	power  sync.Mutex // serializes Start, Stop, Serve and Close
	closed bool       // guarded by power

	mu      sync.Mutex // guards all below
	program *program
	faults  Faults
	counts  Counts
	account account
	params  [][][]byte // of each track, as last seen
	address string
	on      *device // nil while off
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
	c := &Camera{options: options, address: options.Address}
	c.setProgram(newProgram(source))
	return c
}

// Start turns the camera on: it listens, on the same port as before, and its
// stream begins. Starting a camera that is on does nothing.
func (c *Camera) Start() error {
	c.power.Lock()
	defer c.power.Unlock()
	return c.start()
}

func (c *Camera) start() error {
	if c.closed {
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
		c.program.begin(c)
	}
	return nil
}

// played is called when a session has begun to play.
func (c *Camera) played() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.program.begin(c)
}

// Stop turns the camera off: its connections break and its port refuses new
// ones, as when it reboots. The stream's time goes on.
func (c *Camera) Stop() {
	c.power.Lock()
	defer c.power.Unlock()
	c.stop()
}

// stop returns whether the camera was on.
func (c *Camera) stop() bool {
	c.mu.Lock()
	d := c.on
	c.on = nil
	c.mu.Unlock()
	if d != nil {
		d.close()
	}
	return d != nil
}

// Serve makes it a camera of another source, as after a change of its codec, or
// when another camera has been given its address: all sessions end, then it is
// there again if it was on. What the last source sends ends before.
func (c *Camera) Serve(source Source) error {
	c.power.Lock()
	defer c.power.Unlock()
	wasOn := c.stop()
	c.currentProgram().end()
	c.setProgram(newProgram(source))
	if !wasOn {
		return nil
	}
	return c.start()
}

// Close turns the camera off for good and waits for its source to return.
func (c *Camera) Close() {
	c.power.Lock()
	defer c.power.Unlock()
	c.closed = true
	c.stop()
	c.currentProgram().end()
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

// send is where the stream meets the camera: it learns the parameter sets,
// spoils the unit as the faults say, and sends it if the camera is on.
func (c *Camera) send(track int, p frame.Packet) {
	c.mu.Lock()
	d, faults, codec := c.on, c.faults, c.program.tracks[track].Codec
	if p.Keyframe {
		if params := codec.Params(p.Data); params != nil {
			c.params[track] = params
			if d != nil {
				d.announce(track, codec, params, faults)
			}
		}
	}
	c.mu.Unlock()
	if d == nil {
		return
	}
	u, ok := faults.unit(track, codec, p)
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
	switch {
	case c.options.DigestOnly:
		server.AuthMethods = []auth.VerifyMethod{auth.VerifyMethodDigestMD5}
	case c.options.BasicOnly:
		server.AuthMethods = []auth.VerifyMethod{auth.VerifyMethodBasic}
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
	tracks := make([]Track, len(c.program.tracks))
	for i, t := range c.program.tracks {
		t.Params = c.faults.announced(t.Codec, c.params[i])
		if c.options.First != nil {
			t.First = c.options.First
		}
		tracks[i] = t
	}
	title := strings.TrimPrefix(c.options.Path, "/")
	return rtpcast.New(server, title, tracks, func(s *gortsplib.ServerSession) { s.Close() })
}

func (d *device) announce(track int, codec Codec, params [][]byte, f Faults) {
	d.cast.SetParams(track, f.announced(codec, params))
}

func (d *device) close() {
	close(d.handler.closing)
	d.link.hangUp()
	d.cast.Close()
	d.server.Close()
	d.link.closeAll() // those that had to wait for a stall to end
	d.handler.forgetAll()
}
