package rtspcam

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/bluenviron/gortsplib/v5/pkg/description"

	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
)

func TestSoundBeforeAndMetadataAfterThePicture(t *testing.T) {
	clip := testClip(t)
	synctest.Test(t, func(t *testing.T) {
		cam, network := virtual(WithAudio(WithMetadata(clip)), Options{FromPlay: true})
		start(t, cam)
		c := rtsptest.TCP(t, network, cam.URL()).MustPlay() // of everything
		var kinds []description.MediaType
		for _, m := range c.Desc.Medias {
			kinds = append(kinds, m.Type)
		}
		if want := []description.MediaType{"audio", "video", "application"}; !slices.Equal(kinds, want) {
			t.Fatalf("media: %v, want %v", kinds, want)
		}
		for _, p := range clip.Units(0) {
			if !bytes.Equal(c.Next().AnnexB(), p.Data) {
				t.Error("the picture is not the clip's")
			}
		}
		synctest.Wait()
		stats := c.Stats().Session
		for _, m := range c.Desc.Medias {
			for _, f := range stats.Medias[m].Formats {
				// The client does not count the first one.
				if f.RTPPacketsReceived < uint64(clip.Pictures()-1) {
					t.Errorf("%s: %d packets", m.Type, f.RTPPacketsReceived)
				}
			}
		}
	})
}
