package othercam_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/internal/rtspcam/othercam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheOtherCameraPlaysAndChangesItsSize(t *testing.T) {
	cam := othercam.Start(t, othercam.Options{})
	c := rtsptest.TCP(t, nil, cam.URL).MustPlay()
	width := func() int {
		for range 150 {
			params := rtpcast.H264.Params(c.Next().AnnexB())
			if params == nil {
				continue
			}
			var sps h264.SPS
			if err := sps.Unmarshal(params[0]); err != nil {
				t.Fatal(err)
			}
			return sps.Width()
		}
		t.Fatal("no SPS in 10 s")
		return 0
	}
	if w := width(); w != 320 {
		t.Fatalf("its width is %d", w)
	}
	cam.Resize(640, 480)
	for until := time.Now().Add(20 * time.Second); width() != 640; {
		if time.Now().After(until) {
			t.Fatal("its width does not change")
		}
	}
}

func TestTheOtherCameraAsksForAPassword(t *testing.T) {
	for _, digest := range []bool{false, true} {
		cam := othercam.Start(t, othercam.Options{User: "u", Password: "p@:/%", Digest: digest})
		if err := rtsptest.TCP(t, nil, cam.URL).Play(nil); err == nil {
			t.Error("it plays without a password")
		}
		at := fmt.Sprintf("rtsp://%v@%s", url.UserPassword("u", "p@:/%"), cam.URL[len("rtsp://"):])
		rtsptest.TCP(t, nil, at).MustPlay().Next()
	}
}

func TestTheOtherCameraOverUDP(t *testing.T) {
	cam := othercam.Start(t, othercam.Options{Codec: "jpeg", Protocols: "udp"})
	if err := rtsptest.TCP(t, nil, cam.URL).Play(nil); err == nil {
		t.Error("it plays over TCP")
	}
	rtsptest.UDP(t, cam.URL).MustPlay().Next()
}
