package rtspcam

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
)

// virtual makes a camera and a way to reach it without sockets.
func virtual(source Source, o Options) (*Camera, *rtsptest.Net) {
	n := &rtsptest.Net{}
	o.listen, o.NoUDP, o.Address = n.Listen, true, "127.0.0.1:554"
	return New(source, o), n
}

func testClip(t *testing.T) *Clip {
	t.Helper()
	clip, err := AnnexBClip(H264, testData(t, "clip.h264"), 15)
	if err != nil {
		t.Fatal(err)
	}
	return clip
}

func start(t *testing.T, c *Camera) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
}

// Every picture arrives as it is, on time, and the client can tell by the
// sender reports which one it is, across loops of the clip.
func TestPicturesArriveAndCanBeTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clip := testClip(t)
		cam, network := virtual(clip, Options{})
		begin := time.Now()
		start(t, cam)
		time.Sleep(700 * time.Millisecond) // in the middle of the clip
		c := rtsptest.TCP(t, network, cam.URL()).MustPlay()
		units := clip.Units(0)
		first := c.Next()
		if !first.Keyframe() {
			t.Fatal("the session does not begin with a keyframe")
		}
		second := c.Next()
		at := int((second.Wall.Sub(begin)+time.Millisecond)*15/time.Second) - 1
		if at%15 != 0 || at == 0 {
			t.Fatalf("first picture is number %d, want the next keyframe", at)
		}
		for i := at; i < at+100; i++ {
			u := first
			switch {
			case i == at+1:
				u = second
			case i > at:
				u = c.Next()
			}
			want := units[i%len(units)]
			if !bytes.Equal(u.AnnexB(), want.Data) {
				t.Fatalf("picture %d is not what the clip has there", i)
			}
			due := time.Duration(i) * time.Second / 15
			// This client knows the time of a picture that follows a report.
			if d := u.Wall.Sub(begin.Add(due)).Abs(); i > at && d > 50*time.Microsecond {
				t.Fatalf("picture %d was taken at %v by the reports, off by %v", i, u.Wall.Sub(begin), d)
			}
			if d := u.Timestamp - first.Timestamp; d != uint32((i-at)*6000) {
				t.Fatalf("picture %d is at RTP time +%d, want +%d", i, d, (i-at)*6000)
			}
		}
		if n := len(c.Reports()); n < 6 || n > 9 {
			t.Fatalf("%d sender reports in 6.7 s, want one a second", n)
		}
	})
}

func TestStopAndStartAgainOnTheSamePort(t *testing.T) {
	cam := New(testClip(t), Options{})
	start(t, cam)
	address := cam.Address()
	c := rtsptest.TCP(t, nil, cam.URL()).MustPlay()
	c.Next()
	cam.Stop()
	if err := c.Wait(); err == nil {
		t.Fatal("the client's connection has outlived the camera")
	}
	if err := rtsptest.TCP(t, nil, cam.URL()).Play(nil); err == nil {
		t.Fatal("a camera that is off answered")
	}
	start(t, cam)
	if cam.Address() != address {
		t.Fatalf("the camera came back at %s, was at %s", cam.Address(), address)
	}
	rtsptest.TCP(t, nil, cam.URL()).MustPlay().Next()
}

func TestUDP(t *testing.T) {
	cam := New(testClip(t), Options{})
	start(t, cam)
	c := rtsptest.UDP(t, cam.URL()).MustPlay()
	if u := c.Next(); !u.Keyframe() {
		t.Fatal("the session does not begin with a keyframe")
	}
	for range 3 * 15 { // reports have a socket of their own, they may come later
		if u := c.Next(); !u.Wall.IsZero() {
			if d := time.Since(u.Wall).Abs(); d > 5*time.Second {
				t.Fatalf("the reports are off by %v", d)
			}
			return
		}
	}
	t.Fatal("no sender report in 3 s")
}

// The library answers GStreamer's SETUP a second late, if one lets it.
func TestGStreamerIsNotKeptWaiting(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		c := rtsptest.TCP(t, r.net, r.URL())
		c.UserAgent = "GStreamer/1.22.0"
		begin := time.Now()
		c.MustPlay()
		if d := time.Since(begin); d != 0 {
			t.Errorf("it waited %v", d)
		}
	})
}
