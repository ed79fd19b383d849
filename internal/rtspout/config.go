package rtspout

import (
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/listen"
	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/internal/units"
)

// Config is what an operator sets.
type Config struct {
	// Listen is the address of the RTSP server, host:port. An address that is
	// not loopback needs User and Password, or AllowAnonymous.
	Listen string `yaml:"listen"`
	// User and Password that viewers must give (basic or digest); both or none.
	User     string        `yaml:"user"`
	Password secret.Secret `yaml:"password"`
	// AllowAnonymous lets anybody who can reach Listen see every stream.
	AllowAnonymous bool `yaml:"allow_anonymous"`
	// TLSCert and TLSKey are PEM files; with them the server speaks rtsps, and
	// over TCP only.
	TLSCert string `yaml:"tls_cert"`
	TLSKey  string `yaml:"tls_key"`
	// UDP offers the UDP transport beside TCP, from UDPPort (even; 0: any free
	// one) and the port after it.
	UDP     bool `yaml:"udp"`
	UDPPort int  `yaml:"udp_port"`
	// MaxViewers and MaxViewersPerFeed are how many may watch at once.
	MaxViewers        int `yaml:"max_viewers"`
	MaxViewersPerFeed int `yaml:"max_viewers_per_feed"`
	// Queue is how many pictures may wait in a stream before new ones are dropped.
	Queue int `yaml:"queue"`
	// ViewerQueue is how much may wait for one viewer before it is cut; it
	// must hold the largest keyframe. Rounded up to packets, a power of two.
	ViewerQueue units.Bytes `yaml:"viewer_queue"`
	// NoSignalAfter is how long viewers see the last picture before they see
	// the "no signal" one.
	NoSignalAfter time.Duration `yaml:"no_signal_after"`
}

// DefaultConfig serves up to 64 viewers on loopback.
func DefaultConfig() Config {
	return Config{
		Listen:            "127.0.0.1:8554",
		UDP:               true,
		MaxViewers:        64,
		MaxViewersPerFeed: 16,
		Queue:             64,
		ViewerQueue:       4 << 20,
		NoSignalAfter:     2 * time.Second,
	}
}

// Validate returns every mistake.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) { errs = append(errs, invalid.Field(key, format, args...)) }

	host, port, err := net.SplitHostPort(c.Listen)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 && port != "0" {
		bad("listen", "must be host:port with a port of 0–65535, such as 127.0.0.1:8554, is %q", c.Listen)
	} else if !listen.Loopback(host) && c.User == "" && !c.AllowAnonymous {
		bad("listen", "%q can be reached from other machines: set user and password, or allow_anonymous: true, or listen on 127.0.0.1", c.Listen)
	}
	if (c.User == "") != c.Password.IsZero() {
		bad("user", "user and password go together: set both or none")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("tls_cert", "tls_cert and tls_key go together: set both or none")
	}
	if c.UDPPort < 0 || c.UDPPort > 65534 || c.UDPPort%2 != 0 {
		bad("udp_port", "must be an even port of 2–65534, or 0 for any free one, is %d", c.UDPPort)
	}
	between := func(key string, v, low, high int) {
		if v < low || v > high {
			bad(key, "must be %d–%d, is %d", low, high, v)
		}
	}
	between("max_viewers", c.MaxViewers, 1, 10000)
	between("max_viewers_per_feed", c.MaxViewersPerFeed, 1, 10000)
	between("queue", c.Queue, 2, 4096)
	if c.ViewerQueue < 256<<10 || c.ViewerQueue > 1<<30 {
		bad("viewer_queue", "must be 256KiB–1GiB, is %v", c.ViewerQueue)
	}
	if c.NoSignalAfter < 100*time.Millisecond || c.NoSignalAfter > time.Hour {
		bad("no_signal_after", "must be 100ms–1h, is %v", c.NoSignalAfter)
	}
	return errors.Join(errs...)
}
