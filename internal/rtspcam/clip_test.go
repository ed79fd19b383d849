package rtspcam

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
)

func TestAnnexBClip(t *testing.T) {
	for _, c := range []struct {
		codec Codec
		file  string
	}{{H264, "clip.h264"}, {H265, "clip.h265"}} {
		data, err := os.ReadFile("testclip/testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		clip, err := AnnexBClip(c.codec, data, 15)
		if err != nil {
			t.Fatal(err)
		}
		if clip.Pictures() != 30 || clip.Length() != 2*time.Second {
			t.Errorf("%s: %d pictures in %v", c.file, clip.Pictures(), clip.Length())
		}
		for i, u := range clip.Units(0) {
			if u.Keyframe != (i%15 == 0) || u.Keyframe != (c.codec.Params(u.Data) != nil) {
				t.Errorf("%s: picture %d: keyframe %v", c.file, i, u.Keyframe)
			}
		}
	}
	for name, data := range map[string][]byte{
		"empty": nil, "noise": bytes.Repeat([]byte{1, 2, 3}, 99), "no picture": {0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 1},
	} {
		if _, err := AnnexBClip(H264, data, 15); err == nil {
			t.Errorf("%s: made a clip", name)
		}
	}
}

// footage is a file of real footage, or the test is skipped.
func footage(t *testing.T, name string) *Clip {
	t.Helper()
	dir := os.Getenv("NVPIPE_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	path := filepath.Join(dir, "videos", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no footage: %v", err)
	}
	clip, err := ReadMP4(path)
	if err != nil {
		t.Fatal(err)
	}
	return clip
}

func TestFootage(t *testing.T) {
	for name, c := range map[string]struct {
		pictures, tracks int
		length           time.Duration
	}{
		"car-detection.mp4":               {377, 2, 30160 * time.Millisecond},
		"bottle-detection.mp4":            {1189, 1, 39854748603},
		"one-by-one-person-detection.mp4": {1394, 1, 139400 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			clip := footage(t, name)
			if clip.Pictures() != c.pictures || clip.Length() != c.length || len(clip.Tracks()) != c.tracks {
				t.Errorf("%d pictures, %v, %d tracks", clip.Pictures(), clip.Length(), len(clip.Tracks()))
			}
			var at time.Duration
			taken := map[time.Duration]bool{}
			for i, u := range clip.units {
				if u.at < at || u.pts > u.at {
					t.Fatalf("unit %d is sent at %v, after one of %v, but taken at %v", i, u.at, at, u.pts)
				}
				at = u.at
				if clip.tracks[u.track].Codec == H264 && u.keyframe != (H264.Params(u.data) != nil) {
					t.Fatalf("unit %d: keyframe %v, parameter sets %v", i, u.keyframe, !u.keyframe)
				}
				if clip.tracks[u.track].Codec == H264 {
					if taken[u.pts] {
						t.Fatalf("two pictures at %v", u.pts)
					}
					taken[u.pts] = true
				}
			}
			if at >= 2*clip.Length() {
				t.Errorf("the last unit is sent at %v", at)
			}
		})
	}
}

func TestSoundComesFirstInTheSDP(t *testing.T) {
	clip := footage(t, "car-detection.mp4")
	synctest.Test(t, func(t *testing.T) {
		cam, network := virtual(clip, Options{FromPlay: true})
		start(t, cam)
		c := rtsptest.TCP(t, network, cam.URL())
		if err := c.Play(func(m *description.Media) bool { return m.Type == description.MediaTypeVideo }); err != nil {
			t.Fatal(err)
		}
		if m := c.Desc.Medias; len(m) != 2 || m[0].Type != description.MediaTypeAudio || m[1].Type != description.MediaTypeVideo {
			t.Fatalf("media: %v", m)
		}
		// Once round and on: the cadence does not break.
		last := c.Next()
		for i := 1; i < 400; i++ {
			u := c.Next()
			if d := u.Timestamp - last.Timestamp; d != 7200 {
				t.Fatalf("picture %d comes %d ticks after the one before", i, d)
			}
			last = u
		}
	})
}

func TestNotAnMP4(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"empty": "", "text": strings.Repeat("no film ", 99)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadMP4(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadMP4(filepath.Join(dir, "missing")); !os.IsNotExist(err) {
		t.Errorf("missing: %v", err)
	}
}

func TestOneClipAfterAnother(t *testing.T) {
	clip := testClip(t)
	both, err := clip.Then(clip)
	if err != nil {
		t.Fatal(err)
	}
	units := both.Units(0)
	if both.Pictures() != 60 || both.Length() != 4*time.Second || clip.Pictures() != 30 {
		t.Errorf("%d pictures in %v", both.Pictures(), both.Length())
	}
	if !bytes.Equal(units[30].Data, units[0].Data) || units[30].PTS != 2*time.Second {
		t.Errorf("the second begins at %v", units[30].PTS)
	}
	other, err := NewClip(Track{Codec: JPEG}, []frame.Packet{{Data: []byte{1}}}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clip.Then(other); err == nil {
		t.Error("another codec was accepted")
	}
	for name, units := range map[string][]frame.Packet{"none": nil, "too long": {{PTS: time.Second}}} {
		if _, err := NewClip(Track{Codec: JPEG}, units, time.Second); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestH265(t *testing.T) {
	data, err := os.ReadFile("testclip/testdata/clip.h265")
	if err != nil {
		t.Fatal(err)
	}
	clip, err := AnnexBClip(H265, data, 15)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		cam, network := virtual(clip, Options{FromPlay: true})
		start(t, cam)
		c := rtsptest.TCP(t, network, cam.URL()).MustPlay()
		for i, want := range clip.Units(0) {
			if !bytes.Equal(c.Next().AnnexB(), want.Data) {
				t.Errorf("picture %d is not the clip's", i)
			}
		}
		var f *format.H265
		if c.Desc.FindFormat(&f); f == nil || f.VPS == nil || f.SPS == nil || f.PPS == nil {
			t.Errorf("in the SDP: %+v", f)
		}
	})
}

// A live source: pictures are made and sent when they are due.
func TestLiveJPEG(t *testing.T) {
	var data bytes.Buffer
	if err := jpeg.Encode(&data, image.NewYCbCr(image.Rect(0, 0, 64, 48), image.YCbCrSubsampleRatio420), nil); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		source := Video(JPEG, func(ctx context.Context, send func(frame.Packet)) error {
			for i := time.Duration(0); ctx.Err() == nil; i += 100 * time.Millisecond {
				time.Sleep(time.Until(begin.Add(i)))
				send(frame.Packet{PTS: i, Captured: begin.Add(i), Keyframe: true, Data: data.Bytes()})
			}
			return nil
		})
		cam, network := virtual(source, Options{})
		start(t, cam)
		c := rtsptest.TCP(t, network, cam.URL()).MustPlay()
		for i := range 10 {
			u := c.Next()
			if cfg, err := jpeg.DecodeConfig(bytes.NewReader(u.NALUs[0])); err != nil || cfg.Width != 64 || cfg.Height != 48 {
				t.Errorf("picture %d: %dx%d, %v", i, cfg.Width, cfg.Height, err)
			}
			if i > 0 && !u.Wall.Truncate(time.Millisecond).Equal(u.At.Truncate(time.Millisecond)) {
				t.Errorf("picture %d was taken at %v, came at %v", i, u.Wall, u.At)
			}
		}
	})
}

func TestSourceThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed error
		source := Video(H264, func(context.Context, func(frame.Packet)) error { return context.DeadlineExceeded })
		cam, network := virtual(source, Options{OnError: func(err error) { failed = err }})
		start(t, cam)
		synctest.Wait()
		if failed == nil || !strings.Contains(failed.Error(), cam.URL()) {
			t.Errorf("reported: %v", failed)
		}
		rtsptest.TCP(t, network, cam.URL()).MustPlay() // it still answers
	})
}
