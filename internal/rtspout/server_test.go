package rtspout

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/internal/secret"
)

// status is the RTSP status that playing feed is answered with, 200 if it plays.
func (r *rig) status(url string) int {
	r.t.Helper()
	err := rtsptest.TCP(r.t, r.net, url).Play(nil)
	var bad liberrors.ErrClientBadStatusCode
	switch {
	case err == nil:
		return 200
	case errors.As(err, &bad):
		return int(bad.Code)
	}
	r.t.Fatal(err)
	return 0
}

func TestUnknownFeedIsNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, nil)
		r.stream("door")
		for path, want := range map[string]int{"/door": 200, "/door/": 200, "/doo": 404, "/": 404, "/door/x": 404, "/../door": 404} {
			if got := r.status("rtsp://127.0.0.1:8554" + path); got != want {
				t.Errorf("%s is answered with %d, want %d", path, got, want)
			}
		}
		watching := r.viewer("door")
		r.Remove("door")
		if err := watching.Wait(); err == nil {
			t.Error("a removed feed's viewer is still connected")
		}
		if got := r.status(r.URL("door")); got != 404 {
			t.Errorf("a removed feed is answered with %d", got)
		}
	})
}

func TestViewersAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, func(c *Config) { c.MaxViewers, c.MaxViewersPerFeed = 3, 2 })
		door, yard := r.stream("door"), r.stream("yard")
		first := r.viewer("door")
		r.viewer("door")
		if got := r.status(r.URL("door")); got != 453 {
			t.Errorf("a third viewer of one feed is answered with %d", got)
		}
		r.viewer("yard")
		if got := r.status(r.URL("yard")); got != 453 {
			t.Errorf("a fourth viewer in all is answered with %d", got)
		}
		if r.count(ViewerRefused) != 2 || door.Stats().Refused != 1 || yard.Stats().Refused != 1 {
			t.Errorf("events %v, stats %+v", r.events, r.Stats())
		}
		first.Close()
		synctest.Wait()
		if got := r.status(r.URL("door")); got != 200 {
			t.Errorf("after one has left, a viewer is answered with %d", got)
		}
		if r.count(ViewerLeft) != 1 || door.Stats().Viewers != 2 {
			t.Errorf("%d left, %d there", r.count(ViewerLeft), door.Stats().Viewers)
		}
	})
}

// A feed is removed and added again between two SETUPs of one session.
func TestSessionStaysWithItsStream(t *testing.T) {
	s := New(DefaultConfig(), Hooks{})
	old, now := newStream("door", s.cfg, s.hooks), newStream("door", s.cfg, s.hooks)
	session := &gortsplib.ServerSession{}
	for i, c := range []struct {
		stream *Stream
		want   base.StatusCode
	}{{old, base.StatusOK}, {old, base.StatusOK}, {now, base.StatusSessionNotFound}} {
		if got := s.handler.admit(session, &viewer{stream: c.stream}); got != c.want {
			t.Errorf("SETUP %d is answered with %d, want %d", i, got, c.want)
		}
	}
}

func TestAuthentication(t *testing.T) {
	const hard = `p@ss:w/o%rd#?& "ü`
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, func(c *Config) { c.User, c.Password = "viewer@home", secret.New(hard) })
		r.stream("door")
		play := func(user, password string) int {
			return r.status(fmt.Sprintf("rtsp://%v@127.0.0.1:8554/door", url.UserPassword(user, password)))
		}
		for _, c := range []struct {
			user, password string
			want           int
		}{
			{"viewer@home", hard, 200},
			{"viewer@home", hard + "x", 401},
			{"viewer@home", "", 401},
			{"viewer", hard, 401},
		} {
			if got := play(c.user, c.password); got != c.want {
				t.Errorf("user %q, password %q: %d, want %d", c.user, c.password, got, c.want)
			}
		}
		if got := r.status("rtsp://127.0.0.1:8554/door"); got != 401 {
			t.Errorf("without user and password: %d", got)
		}
		if got := r.status("rtsp://127.0.0.1:8554/nothing"); got != 401 {
			t.Errorf("a stranger asking for a feed that does not exist: %d, want 401 to tell nothing", got)
		}
		if n := r.count(AuthFailed); n != 3 {
			t.Errorf("%d events of wrong credentials, want 3", n)
		}
		if all := fmt.Sprintf("%+v", r.events); strings.Contains(all, "p@ss") {
			t.Errorf("the password is in the events: %s", all)
		}
	})
}

func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := DefaultConfig()
	cfg.Listen = taken.Addr().String()
	s := New(cfg, Hooks{})
	err = s.Start()
	if err == nil {
		t.Fatal("started on a port in use")
	}
	for _, part := range []string{cfg.Listen, "address already in use", "choose another one in rtsp.listen"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// One viewer says PLAY and never reads. It is cut, alone, and says so once:
// by its full queue when there is much to send, else by time.
func TestSlowViewerIsCut(t *testing.T) {
	for name, c := range map[string]struct {
		step         int // in pictures: 15 sends keyframes only
		stays, isCut time.Duration
	}{
		"by time":      {1, 4 * time.Second, 6 * time.Second},
		"by its queue": {15, 1 * time.Second, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := virtual(t, func(cfg *Config) { cfg.ViewerQueue = 256 << 10 })
				st := r.stream("door")
				good := r.viewer("door")
				defer rtsptest.RawPlay(t, r.net, r.URL("door")).Close()
				start := time.Now()
				for i := 0; time.Since(start) < c.isCut; i++ {
					p := newFeeder(st).picture(i * c.step)
					p.PTS = time.Since(start)
					st.Write(p)
					synctest.Wait()
					if s := st.Stats(); s.Cut > 0 && time.Since(start) < c.stays {
						t.Fatalf("cut after %v", time.Since(start))
					}
					time.Sleep(time.Second / 15)
				}
				synctest.Wait()
				s := st.Stats()
				if s.Viewers != 1 || s.Cut != 1 || r.count(ViewerCut) != 1 || r.count(ViewerLeft) != 0 {
					t.Errorf("after %v: %+v, events %v", c.isCut, s, r.events)
				}
				if n := len(good.Received()); n != int(s.Packets) || good.Lost() != 0 {
					t.Errorf("the good viewer has got %d of %d pictures", n, s.Packets)
				}
			})
		})
	}
}

func TestIdleConnectionsEndAndAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, func(c *Config) { c.MaxViewers = 1 })
		r.stream("door")
		var conns []net.Conn
		for range 2 + spareConns {
			conn, err := r.net.DialContext(t.Context(), "tcp", "")
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
		}
		synctest.Wait()
		extra, err := r.net.DialContext(t.Context(), "tcp", "")
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := extra.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(start) > 0 {
			t.Errorf("a connection beyond the limit: %v after %v", err, time.Since(start))
		}
		for _, conn := range conns {
			if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("a connection that says nothing: %v", err)
			}
		}
		if d := time.Since(start); d > firstRequestTimeout {
			t.Errorf("they were ended after %v", d)
		}
		r.viewer("door")
	})
}

func TestWebPagesCannotWatch(t *testing.T) {
	const webSocket = "GET /door HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: rtsp.onvif.org\r\n\r\n"
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, nil)
		r.stream("door")
		for _, request := range []string{webSocket, "POST /door HTTP/1.1\r\n\r\n"} {
			conn, err := r.net.DialContext(t.Context(), "tcp", "")
			if err != nil {
				t.Fatal(err)
			}
			go io.WriteString(conn, request)
			if answer, _ := io.ReadAll(conn); len(answer) > 0 {
				t.Errorf("HTTP is answered with %q", answer)
			}
		}
		r.viewer("door")
	})
}

func TestRealSockets(t *testing.T) {
	for _, secure := range []bool{false, true} {
		cfg := DefaultConfig()
		cfg.Listen = "127.0.0.1:0"
		if secure {
			cfg.TLSCert, cfg.TLSKey = selfSigned(t)
		}
		r := &rig{t: t}
		r.Server = New(cfg, r.hooks())
		st := r.stream("door") // before Start, as internal/app does
		r.start()
		viewers := []*rtsptest.Client{rtsptest.TCP(t, nil, r.URL("door"))}
		if secure {
			viewers[0].TLSConfig = &tls.Config{InsecureSkipVerify: true}
		} else {
			viewers = append(viewers, rtsptest.UDP(t, r.URL("door")))
		}
		for _, v := range viewers {
			v.MustPlay()
		}
		f := newFeeder(st)
		for i := range 15 {
			st.Write(f.picture(i))
		}
		for _, v := range viewers {
			for i := range 15 {
				if u := v.Next(); !bytes.Equal(u.AnnexB(), f.picture(i).Data) {
					t.Errorf("picture %d is not the one written", i)
				}
			}
		}
		if secure {
			if got := setupOverUDP(t, r.Address(), r.URL("door")); got != base.StatusUnsupportedTransport {
				t.Errorf("UDP beside TLS is answered with %d", got)
			}
		}
		r.stop()
		if st.Wanted() {
			t.Error("wanted after the server has stopped")
		}
		for _, v := range viewers {
			v.Close()
		}
	}
}

// setupOverUDP is the status of a SETUP of the UDP transport through TLS.
func setupOverUDP(t *testing.T, address, url string) base.StatusCode {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "SETUP %s/trackID=0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port=50000-50001\r\n\r\n", url)
	var res base.Response
	if err := res.Unmarshal(bufio.NewReader(conn)); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

func TestStopDoesNotWaitForViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, nil)
		st := r.stream("door")
		watching := r.viewer("door")
		defer rtsptest.RawPlay(t, r.net, r.URL("door")).Close()
		newFeeder(st).write(3)
		begin := time.Now()
		r.stop()
		if d := time.Since(begin); d > 0 {
			t.Errorf("stopping took %v", d)
		}
		if err := watching.Wait(); err == nil {
			t.Error("a viewer is still connected")
		}
		if st.Wanted() || r.count(ViewerLeft) != 2 {
			t.Errorf("wanted: %v, events: %v", st.Wanted(), r.events)
		}
		st.Write(newFeeder(st).picture(0)) // a feed may be later in stopping
		r.stop()
	})
}

// A camera's pictures go through a client and a feed's stream to a viewer as
// they are, on the camera's time.
func TestFromCameraToViewer(t *testing.T) {
	cam := rtspcam.New(testclip.H264(), rtspcam.Options{})
	if err := cam.Start(); err != nil {
		t.Fatal(err)
	}
	defer cam.Close()
	cfg := DefaultConfig()
	cfg.Listen = "127.0.0.1:0"
	r := &rig{t: t}
	r.Server = New(cfg, r.hooks())
	r.start()
	st := r.stream("door")
	feed := rtsptest.TCP(t, nil, cam.URL()).MustPlay()
	first, second := feed.Next(), feed.Next()
	first.Wall = second.Wall.Add(-time.Second / testclip.FPS) // this client does not know it yet
	sent := []rtsptest.Unit{first, second}
	for len(sent) < 20 {
		sent = append(sent, feed.Next())
	}
	v := rtsptest.TCP(t, nil, r.URL("door")).MustPlay()
	for _, u := range sent {
		pts := time.Duration(u.Timestamp-first.Timestamp) * time.Second / 90000
		st.Write(frame.Packet{PTS: pts, Captured: u.Wall, Keyframe: u.Keyframe(), Data: u.AnnexB()})
	}
	for i, want := range sent {
		u := v.Next()
		if !bytes.Equal(u.AnnexB(), want.AnnexB()) {
			t.Fatalf("picture %d is not the camera's", i)
		}
		if d := u.Wall.Sub(want.Wall).Abs(); i > 0 && d > time.Millisecond {
			t.Errorf("picture %d: taken %v off the camera's time", i, d)
		}
	}
}
