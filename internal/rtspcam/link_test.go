package rtspcam

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/base"

	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
)

func TestStallIsFollowedByABurst(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		c := r.play()
		c.Next()
		r.Break(func(f *Faults) { f.Stalled = true })
		synctest.Wait()
		c.Received()
		if u, ok := c.Within(3 * time.Second); ok {
			t.Fatalf("stalled, it sent a picture at %v", u.At)
		}
		r.Heal()
		synctest.Wait()
		if n := len(c.Received()); n < 44 || n > 46 {
			t.Errorf("after a stall of 3 s at 15 fps, %d pictures come at once", n)
		}
		c.Next()
		if n := c.Lost(); n != 0 {
			t.Errorf("%d packets were lost", n)
		}
	})
}

func TestHangIsFollowedByTheNextPicture(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		c := r.play()
		c.Next()
		r.Break(func(f *Faults) { f.Stalled, f.Frozen = true, true })
		synctest.Wait()
		c.Received()
		time.Sleep(90 * time.Second)
		r.Heal()
		synctest.Wait()
		if n := len(c.Received()); n > 2 {
			t.Errorf("%d pictures come at once", n)
		}
	})
}

func TestStalledCameraTakesConnectionsAndNeverAnswers(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.Stalled = true })
		conn := request(t, r, "OPTIONS", "")
		if err := conn.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil || !err.(net.Error).Timeout() {
			t.Errorf("it answered, or hung up: %d bytes, %v", n, err)
		}
		if err := conn.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		r.Stop()
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("after it is off: %v", err)
		}
	})
}

// request opens a connection and sends one request.
func request(t *testing.T, r *rig, method, headers string) net.Conn {
	t.Helper()
	conn, err := r.net.DialContext(t.Context(), "tcp", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	// Nothing buffers what a stalled camera does not read.
	go fmt.Fprintf(conn, "%s %s RTSP/1.0\r\nCSeq: 1\r\n%s\r\n", method, r.URL(), headers)
	return conn
}

// answer is what a request is answered with.
func answer(t *testing.T, r *rig, method, headers string) base.Response {
	t.Helper()
	var res base.Response
	if err := res.Unmarshal(bufio.NewReader(request(t, r, method, headers))); err != nil {
		t.Fatal(err)
	}
	return res
}

func TestTrickle(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		const rate = 1000
		r.Break(func(f *Faults) { f.BytesPerSecond = rate })
		conn := rtsptest.RawPlay(t, r.net, r.URL())
		defer conn.Close()
		begin, n := time.Now(), 0
		for time.Since(begin) < 20*time.Second {
			got, err := conn.Read(make([]byte, 4096))
			if err != nil {
				t.Fatal(err)
			}
			n += got
		}
		if n < 18*rate || n > 21*rate {
			t.Errorf("%d bytes came in 20 s, want %d a second", n, rate)
		}
		begin = time.Now()
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Fatal(err)
		}
		t.Logf("the camera cut the client after %v", 20*time.Second+time.Since(begin))
	})
}

func TestSlowAnswers(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.AnswerDelay = 2 * time.Second })
		begin := time.Now()
		r.play() // OPTIONS, DESCRIBE, SETUP, PLAY
		if d := time.Since(begin); d < 6*time.Second || d > 8*time.Second {
			t.Errorf("playing took %v", d)
		}
	})
}

func TestReset(t *testing.T) {
	cam := New(testClip(t), Options{})
	start(t, cam)
	conn, err := net.Dial("tcp", cam.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "OPTIONS %s RTSP/1.0\r\nCSeq: 1\r\n\r\n", cam.URL())
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	cam.Reset()
	if _, err := io.Copy(io.Discard, conn); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ends with %v", err)
	}
	rtsptest.TCP(t, nil, cam.URL()).MustPlay().Next()
}

func TestStallOverUDPLosesPictures(t *testing.T) {
	cam := New(testClip(t), Options{})
	start(t, cam)
	c := rtsptest.UDP(t, cam.URL()).MustPlay()
	c.Next()
	cam.Break(func(f *Faults) { f.Stalled = true })
	if _, ok := c.Within(500 * time.Millisecond); ok { // the one on its way
		if u, ok := c.Within(500 * time.Millisecond); ok {
			t.Fatalf("stalled, it sent a picture at %v", u.At)
		}
	}
	cam.Heal()
	c.Next()
	c.Next()
	if c.Lost() == 0 {
		t.Error("no packet was lost")
	}
}

func TestBlockedUDP(t *testing.T) {
	cam := New(testClip(t), Options{})
	start(t, cam)
	cam.Break(func(f *Faults) { f.UDPBlocked = true })
	c := rtsptest.UDP(t, cam.URL()).MustPlay()
	rtsptest.TCP(t, nil, cam.URL()).MustPlay().Next() // a keyframe
	if _, ok := c.Within(200 * time.Millisecond); ok || len(c.Reports()) != 0 {
		t.Error("something came over UDP")
	}
	cam.Heal()
	c.Next()
}

func TestForeignPackets(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.ForeignSSRC = true })
		conn := rtsptest.RawPlay(t, r.net, r.URL())
		defer conn.Close()
		reader, ssrcs := bufio.NewReader(conn), map[string]int{}
		for n := 0; n < 40; {
			var f base.InterleavedFrame
			if err := f.Unmarshal(reader); err != nil {
				t.Fatal(err)
			}
			if f.Channel == 0 {
				ssrcs[string(f.Payload[8:12])]++
				n++
			}
		}
		if len(ssrcs) != 2 {
			t.Fatalf("packets by SSRC: %v, want two", ssrcs)
		}
		for ssrc, n := range ssrcs {
			if n != 20 {
				t.Errorf("%d of 40 packets are of SSRC %x", n, ssrc)
			}
		}
	})
}

func TestPacketBeforePlay(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.EarlyMedia = true })
		conn, err := r.net.DialContext(t.Context(), "tcp", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		reader := bufio.NewReader(conn)
		fmt.Fprintf(conn, "SETUP %s/trackID=0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n", r.URL())
		var res base.Response
		if err := res.Unmarshal(reader); err != nil {
			t.Fatal(err)
		}
		session, _, _ := strings.Cut(res.Header["Session"][0], ";")
		fmt.Fprintf(conn, "PLAY %s RTSP/1.0\r\nCSeq: 2\r\nSession: %s\r\n\r\n", r.URL(), session)
		var f base.InterleavedFrame
		if err := f.Unmarshal(reader); err != nil || f.Channel != 0 || len(f.Payload) != 14 {
			t.Errorf("first comes %v, %v", f, err)
		}
		if err := res.Unmarshal(reader); err != nil || res.StatusCode != base.StatusOK {
			t.Errorf("then %v, %v", res, err)
		}
	})
}
