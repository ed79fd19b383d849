// Package othercam starts an RTSP camera that is not ours, gst-rtsp-server's,
// so that tests don't only agree with themselves. It needs Python, its GObject
// bindings and gst-rtsp-server, which scripts/setup --test installs; where they
// are missing its tests are skipped.
package othercam

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

//go:embed camera.py
var program string

// python is the system's, which has the bindings; another one on the PATH has not.
const python = "/usr/bin/python3"

// Options are what the camera is; the zero value is a camera of H.264 that
// anybody may read over UDP and TCP. It sends 15 pictures a second with a
// keyframe a second: a ball that bounces.
type Options struct {
	// Codec is "h264" (default), "h265" or "jpeg".
	Codec string
	// Width and Height of the picture; 0: 320×240.
	Width, Height int
	// Protocols are "any" (default), "tcp" or "udp".
	Protocols string
	// User and Password, if clients must give them, by basic authentication or
	// by digest.
	User, Password string
	Digest         bool
}

// Camera is a process of its own.
type Camera struct {
	// URL is where the stream is, without user and password.
	URL string

	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{}
}

// Start starts a camera that ends with the test, or skips the test. With
// NVPIPE_REQUIRE_OTHERCAM=1 a missing camera fails it.
func Start(t *testing.T, o Options) *Camera {
	t.Helper()
	const has = `import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer`
	if out, err := exec.CommandContext(t.Context(), python, "-c", has).CombinedOutput(); err != nil {
		missing := fmt.Sprintf("no gst-rtsp-server for %s (scripts/setup --test installs it): %v\n%s", python, err, out)
		if os.Getenv("NVPIPE_REQUIRE_OTHERCAM") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	c := &Camera{t: t, cmd: exec.Command(python, append([]string{"-c", program}, o.args()...)...), ended: make(chan struct{})}
	stderr := &strings.Builder{}
	c.cmd.Stderr = stderr
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	go func() {
		defer close(c.ended)
		_ = c.cmd.Wait() // how it ends says nothing: it may be killed
	}()
	t.Cleanup(c.stop)
	if err != nil {
		c.Kill()
		t.Fatalf("the other camera: %v\n%s", err, stderr)
	}
	c.URL = "rtsp://127.0.0.1:" + strings.TrimSpace(line) + "/stream"
	return c
}

func (o Options) args() []string {
	var args []string
	for name, value := range map[string]string{"--codec": o.Codec, "--protocols": o.Protocols, "--user": o.User, "--password": o.Password} {
		if value != "" {
			args = append(args, name+"="+value)
		}
	}
	if o.Width > 0 {
		args = append(args, "--size", fmt.Sprint(o.Width), fmt.Sprint(o.Height))
	}
	if o.Digest {
		args = append(args, "--digest")
	}
	return args
}

// Resize changes the picture of the sessions that play.
func (c *Camera) Resize(width, height int) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.stdin, "size %d %d\n", width, height); err != nil {
		c.t.Error(err)
	}
}

// Process is the camera's, for signals.
func (c *Camera) Process() *os.Process { return c.cmd.Process }

// Kill ends the camera as a power cut would, but for the connections, which the
// kernel closes.
func (c *Camera) Kill() {
	_ = c.cmd.Process.Kill() // fails only if it has ended
	<-c.ended
}

func (c *Camera) stop() {
	c.stdin.Close()
	select {
	case <-c.ended:
	case <-time.After(3 * time.Second):
		c.Kill()
	}
}
