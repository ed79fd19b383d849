package testclip_test

import (
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
)

func TestTheClipsAreWhatTheySay(t *testing.T) {
	for name, c := range map[string]struct {
		clip          *rtspcam.Clip
		width, height int
	}{
		"H264":  {testclip.H264(), testclip.Width, testclip.Height},
		"Small": {testclip.Small(), testclip.Width / 2, testclip.Height / 2},

		"LongGroup": {testclip.LongGroup(), testclip.Width / 2, testclip.Height / 2},
		"Reordered": {testclip.Reordered(), testclip.Width / 2, testclip.Height / 2},
	} {
		var sps h264.SPS
		if err := sps.Unmarshal(c.clip.Tracks()[0].Params[0]); err != nil {
			t.Fatal(err)
		}
		if sps.Width() != c.width || sps.Height() != c.height {
			t.Errorf("%s is %dx%d", name, sps.Width(), sps.Height())
		}
	}
	for name, clip := range map[string]*rtspcam.Clip{
		"H264": testclip.H264(), "Small": testclip.Small(), "H265": testclip.H265(),
		"Reordered": testclip.Reordered(), "JPEG": testclip.JPEG(),
	} {
		if clip.Pictures() != testclip.Pictures || clip.Length() != testclip.Pictures*time.Second/testclip.FPS {
			t.Errorf("%s has %d pictures in %v", name, clip.Pictures(), clip.Length())
		}
	}
	for i, p := range testclip.Packets() {
		if p.Keyframe != (i%testclip.KeyframeEvery == 0) || p.PTS != time.Duration(i)*time.Second/testclip.FPS {
			t.Errorf("packet %d: keyframe %v, PTS %v", i, p.Keyframe, p.PTS)
		}
	}
}

func TestLongGroupHasOneKeyframe(t *testing.T) {
	units := testclip.LongGroup().Units(0)
	if n := len(units); n != 60*testclip.FPS {
		t.Fatalf("%d pictures", n)
	}
	for i, u := range units {
		if u.Keyframe != (i == 0) {
			t.Errorf("picture %d: keyframe %v", i, u.Keyframe)
		}
	}
}

func TestReorderedPicturesAreNotInOrder(t *testing.T) {
	back := 0
	units := testclip.Reordered().Units(0)
	for i := 1; i < len(units); i++ {
		if units[i].PTS < units[i-1].PTS {
			back++
		}
	}
	if back < 10 {
		t.Errorf("time goes back %d times in %d pictures", back, len(units))
	}
}
