package rtspcam

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

func slicesOf(nalus [][]byte) [][]byte {
	return slices.DeleteFunc(slices.Clone(nalus), func(u []byte) bool { return !H264.IsSlice(u) })
}

func TestTruncatedSlices(t *testing.T) {
	clip := testClip(t)
	inVirtualTime(t, Options{FromPlay: true}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.Truncate = 1 })
		c := r.play()
		for _, p := range clip.Units(0) {
			whole, got := slicesOf(rtpcast.NALUs(p.Data))[0], slicesOf(c.Next().NALUs)[0]
			if len(got) != (len(whole)+1)/2 || !bytes.HasPrefix(whole, got) {
				t.Fatalf("a slice of %d bytes comes with %d", len(whole), len(got))
			}
		}
	})
}

func TestSEIFlood(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.SEI = 15_000 }) // the client takes at most 21 NAL units a picture
		c := r.play()
		for range 5 {
			messages, size := 0, 0
			for _, u := range c.Next().NALUs {
				if H264.Type(u) == 6 {
					messages++
					size += len(u)
				}
			}
			if messages < 14 || size < 14_000 || size > 15_000 {
				t.Errorf("%d messages of %d bytes", messages, size)
			}
		}
	})
}

func TestOversizedSPS(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.SPS = OversizedSPS(16384, 16384) })
		c := r.play()
		var f *format.H264
		c.Desc.FindFormat(&f)
		announced, _ := f.SafeParams()
		for where, data := range map[string][]byte{"SDP": announced, "band": rtpcast.H264.Params(c.Next().AnnexB())[0]} {
			var sps h264.SPS
			if err := sps.Unmarshal(data); err != nil || sps.Width() != 16384 || sps.Height() != 16384 {
				t.Errorf("in the %s: %d×%d, %v", where, sps.Width(), sps.Height(), err)
			}
		}
	})
}

func TestAnotherSourceAtTheSameAddress(t *testing.T) {
	data := testData(t, "clip.h265")
	other, err := AnnexBClip(H265, data, 15)
	if err != nil {
		t.Fatal(err)
	}
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		c := r.play()
		c.Next()
		if err := r.Serve(other); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err == nil {
			t.Error("the old session lives on")
		}
		c = r.play()
		var f *format.H265
		if c.Desc.FindFormat(&f) == nil {
			t.Fatal("the SDP says no H.265")
		}
		if u := c.Next(); !bytes.Equal(u.AnnexB(), other.Units(0)[0].Data) && !bytes.Equal(u.AnnexB(), other.Units(0)[15].Data) {
			t.Error("the picture is not the new source's keyframe")
		}
	})
}

func TestRates(t *testing.T) {
	clip := testClip(t)
	for factor, ticks := range map[float64]uint32{4: 1500, 0.5 / 15: 180000} {
		synctest.Test(t, func(t *testing.T) {
			cam, network := virtual(clip.AtSpeed(factor), Options{FromPlay: true})
			start(t, cam)
			c := rtsptest.TCP(t, network, cam.URL()).MustPlay()
			last := c.Next()
			for range 10 {
				u := c.Next()
				apart := time.Duration(ticks) * time.Second / 90000
				if u.Timestamp-last.Timestamp != ticks || (u.At.Sub(last.At)-apart).Abs() > time.Microsecond {
					t.Fatalf("pictures are %d ticks and %v apart, want %d and %v", u.Timestamp-last.Timestamp, u.At.Sub(last.At), ticks, apart)
				}
				last = u
			}
		})
	}
}

func testData(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testclip/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
