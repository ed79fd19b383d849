package badnet_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/badnet"
	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// through is a camera behind a network, and its URL there.
func through(t *testing.T) (*badnet.Net, string) {
	t.Helper()
	cam := rtspcam.New(testclip.Small(), rtspcam.Options{NoUDP: true})
	if err := cam.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cam.Close)
	network := badnet.Start(t, cam.Address())
	return network, strings.Replace(cam.URL(), cam.Address(), network.Address(), 1)
}

func TestStallOnTheWay(t *testing.T) {
	network, url := through(t)
	c := rtsptest.TCP(t, nil, url).MustPlay()
	c.Next()
	remove := network.Add(badnet.Toxic{Type: "bandwidth", Direction: badnet.ToClient, Attributes: map[string]int64{"rate": 0}})
	for {
		if _, more := c.Within(500 * time.Millisecond); !more {
			break
		}
	}
	remove()
	c.Next()
	if n := c.Lost(); n != 0 {
		t.Errorf("%d packets were lost", n)
	}
}

func TestSlicedPacketsArriveWhole(t *testing.T) {
	network, url := through(t)
	network.Add(badnet.Toxic{Type: "slicer", Direction: badnet.ToClient, Attributes: map[string]int64{"average_size": 7, "size_variation": 3}})
	c := rtsptest.TCP(t, nil, url).MustPlay()
	for range 5 {
		c.Next()
	}
}

func TestResetOnTheWay(t *testing.T) {
	network, _ := through(t)
	network.Add(badnet.Toxic{Type: "reset_peer", Direction: badnet.ToClient, Attributes: map[string]int64{"timeout": 0}})
	conn, err := net.Dial("tcp", network.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ends with %v", err)
	}
}

func TestCutRefuses(t *testing.T) {
	network, url := through(t)
	c := rtsptest.TCP(t, nil, url).MustPlay()
	c.Next()
	network.Cut()
	if err := c.Wait(); err == nil {
		t.Error("the client has not noticed")
	}
	if conn, err := net.Dial("tcp", network.Address()); err == nil {
		conn.Close()
		t.Error("it takes connections")
	}
}
