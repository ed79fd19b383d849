package pipeline

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/secret"
)

// Source is where a feed's pictures come from: exactly one of a camera
// (rtsp.url), a film (film.path) and a generated picture (test.pattern).
type Source struct {
	RTSP RTSP `yaml:"rtsp"`
	Film Film `yaml:"film"`
	Test Test `yaml:"test"`
}

// SourceKind says which of a Source's parts is used.
type SourceKind uint8

// The kinds of source. SourceNone is a source that names nothing, or too much.
const (
	SourceNone SourceKind = iota
	SourceRTSP
	SourceFilm
	SourceTest
)

// RTSP is a camera.
type RTSP struct {
	// URL is rtsp:// or rtsps://. Credentials in it are accepted when it is
	// loaded and split off, see [Source.SplitCredentials].
	URL string `yaml:"url"`
	// User that the camera knows; needed where there is a password.
	User string `yaml:"user"`
	// Password or PasswordFile, not both. The file is read at every connection,
	// so that a changed password is taken up; one newline at its end is dropped.
	Password     secret.Secret `yaml:"password"`
	PasswordFile string        `yaml:"password_file"`
	// Transport is "tcp", "udp", or "auto": UDP, and TCP when the camera refuses
	// that or nothing comes for 5 s, which is remembered for an hour. With rtsps
	// it is always TCP.
	Transport string `yaml:"transport"`
	// Latency is the size of the jitter buffer, 0–10 s.
	Latency time.Duration `yaml:"latency"`
	// CAFile has the PEM certificates that an rtsps camera's is checked against,
	// in place of the system's; a camera's own certificate may stand there.
	CAFile string `yaml:"ca_file"`
	// AnyName: the camera's certificate may name another host than the URL, as
	// those that cameras make for themselves do. Only with CAFile.
	AnyName bool `yaml:"any_name"`
	// RedirectAnywhere: the camera may send us to another host. User and
	// password go along.
	RedirectAnywhere bool `yaml:"redirect_anywhere"`
}

// Film is a file played as if it were live, at its own rate.
type Film struct {
	// Path of the film.
	Path string `yaml:"path"`
	// Loop starts it again at its end; without it the feed stops there.
	Loop bool `yaml:"loop"`
}

// Test is a generated picture, for trying things out.
type Test struct {
	// Pattern is a name such as "ball", "smpte" or "snow".
	Pattern string `yaml:"pattern"`
	// Width and Height in pixels, even, 16–4096; FPS is frames per second, > 0–120.
	Width  int     `yaml:"width"`
	Height int     `yaml:"height"`
	FPS    float64 `yaml:"fps"`
}

// The values of RTSP.Transport.
const (
	TransportTCP  = "tcp"
	TransportUDP  = "udp"
	TransportAuto = "auto"
)

// patterns are the generated pictures allowed, by videotestsrc's names.
var patterns = []string{
	"smpte", "snow", "black", "white", "red", "green", "blue", "checkers-8", "circular", "ball", "gradient", "pinwheel",
}

// maxLatency is past any jitter buffer that makes sense for live pictures.
const maxLatency = 10 * time.Second

// DefaultSource is no source yet: what a config is decoded over.
func DefaultSource() Source {
	return Source{
		RTSP: RTSP{Transport: TransportTCP, Latency: 200 * time.Millisecond},
		Test: Test{Width: 640, Height: 360, FPS: 25},
	}
}

// Kind is the part that is used; SourceNone unless exactly one is named.
func (s Source) Kind() SourceKind {
	kind, named := SourceNone, 0
	for k, name := range map[SourceKind]string{
		SourceRTSP: s.RTSP.URL, SourceFilm: s.Film.Path, SourceTest: s.Test.Pattern,
	} {
		if name != "" {
			kind, named = k, named+1
		}
	}
	if named != 1 {
		return SourceNone
	}
	return kind
}

// Live reports whether the end of the stream is a fault to recover from: true
// for all but a film that is played once.
func (s Source) Live() bool { return s.Kind() != SourceFilm || s.Film.Loop }

// String names the source without anything that may be secret: cameras hide
// credentials in queries and paths too, so only the address is shown.
func (s Source) String() string {
	switch s.Kind() {
	case SourceRTSP:
		return s.RTSP.String()
	case SourceFilm:
		return s.Film.Path
	case SourceTest:
		return "test pattern " + s.Test.Pattern
	}
	return "no source"
}

// Validate reports every mistake, each with its key.
func (s Source) Validate() error {
	switch s.Kind() {
	case SourceRTSP:
		return s.RTSP.validate()
	case SourceFilm:
		return nil
	case SourceTest:
		return s.Test.validate()
	}
	return invalid.Field("", "must name exactly one of rtsp.url, film.path and test.pattern")
}

func (r RTSP) validate() error {
	var errs []error
	_, user, password, err := SplitCredentials(r.URL)
	if err != nil {
		errs = append(errs, invalid.Field("rtsp.url", "%v", err))
	}
	if user != "" && r.User != "" {
		errs = append(errs, invalid.Field("rtsp.user", "must not be given twice: the URL has a user too"))
	}
	secrets := 0
	for _, given := range []bool{!password.IsZero(), !r.Password.IsZero(), r.PasswordFile != ""} {
		if given {
			secrets++
		}
	}
	if secrets > 1 {
		errs = append(errs, invalid.Field("rtsp.password", "must be given once: in the URL, as password, or as password_file"))
	}
	if secrets > 0 && user == "" && r.User == "" {
		errs = append(errs, invalid.Field("rtsp.user", "must be set where there is a password"))
	}
	switch r.Transport {
	case TransportTCP, TransportUDP, TransportAuto:
	default:
		errs = append(errs, invalid.Field("rtsp.transport", "must be tcp, udp or auto, is %q", r.Transport))
	}
	errs = append(errs, r.validateTLS())
	if r.Latency < 0 || r.Latency > maxLatency {
		errs = append(errs, invalid.Field("rtsp.latency", "must be 0–%v, is %v", maxLatency, r.Latency))
	}
	return errors.Join(errs...)
}

func (r RTSP) validateTLS() error {
	var errs []error
	if !r.encrypted() && r.CAFile != "" {
		errs = append(errs, invalid.Field("rtsp.ca_file", "must only be given with an rtsps:// URL"))
	}
	if r.encrypted() && r.Transport == TransportUDP {
		errs = append(errs, invalid.Field("rtsp.transport", "must be tcp or auto with an rtsps:// URL: over UDP the pictures would not be encrypted"))
	}
	if r.AnyName && r.CAFile == "" {
		errs = append(errs, invalid.Field("rtsp.any_name", "must only be true with a ca_file: else anybody could pass for the camera"))
	}
	return errors.Join(errs...)
}

// encrypted: the camera is spoken to over TLS.
func (r RTSP) encrypted() bool {
	scheme, _, _ := cutScheme(r.URL)
	return scheme == "rtsps://"
}

func (t Test) validate() error {
	var errs []error
	if !slices.Contains(patterns, t.Pattern) {
		errs = append(errs, invalid.Field("test.pattern", "must be one of %s, is %q", strings.Join(patterns, ", "), t.Pattern))
	}
	size := func(key string, v int) {
		if v < 16 || v > 4096 || v%2 != 0 {
			errs = append(errs, invalid.Field(key, "must be an even number, 16–4096, is %d", v))
		}
	}
	size("test.width", t.Width)
	size("test.height", t.Height)
	if !(t.FPS > 0 && t.FPS <= 120) {
		errs = append(errs, invalid.Field("test.fps", "must be more than 0 and at most 120, is %v", t.FPS))
	}
	return errors.Join(errs...)
}

// SplitCredentials moves user and password out of the URL into their fields.
// Whoever loads a source calls it once, so that no URL with credentials is
// kept. Where nothing has to be moved the source stays as it is.
func (s *Source) SplitCredentials() error {
	if s.RTSP.URL == "" {
		return nil
	}
	clean, user, password, err := SplitCredentials(s.RTSP.URL)
	if err != nil {
		return err
	}
	s.RTSP.URL = clean
	if user != "" {
		s.RTSP.User = user
	}
	if !password.IsZero() {
		s.RTSP.Password = password
	}
	return nil
}

// Resolve is the source as a graph gets it: without credentials in the URL and
// with the password file read. Its errors are [*Error] of ReasonConfig.
func (s Source) Resolve() (Source, error) {
	if err := s.SplitCredentials(); err != nil {
		return s, &Error{ReasonConfig, err}
	}
	if s.RTSP.encrypted() {
		s.RTSP.Transport = TransportTCP
	}
	if s.RTSP.PasswordFile == "" {
		return s, nil
	}
	text, err := os.ReadFile(s.RTSP.PasswordFile)
	if err != nil {
		return s, &Error{ReasonConfig, fmt.Errorf("read the camera's password: %w", err)}
	}
	s.RTSP.Password = secret.New(strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"))
	s.RTSP.PasswordFile = ""
	return s, nil
}
