package film

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
)

// movie is what a player sees of a file.
type movie struct {
	width, height int
	parts         int
	samples       []sample
}

type sample struct {
	at       uint64
	duration uint32
	key      bool
}

// readMovie reads the whole parts of a file; a torn last one is left out, as
// players do.
func readMovie(t *testing.T, name string) movie {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	moof := bytes.Index(content, []byte("moof"))
	if moof < 0 {
		moof = len(content) + 4
	}
	var init fmp4.Init
	if err := init.Unmarshal(bytes.NewReader(content[:moof-4])); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var sps h264.SPS
	if err := sps.Unmarshal(init.Tracks[0].Codec.(*fmp4.CodecH264).SPS); err != nil {
		t.Fatal(err)
	}
	m := movie{width: sps.Width(), height: sps.Height()}
	var parts fmp4.Parts
	if err := parts.Unmarshal(wholeParts(content[moof-4:])); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for i, p := range parts {
		if p.SequenceNumber != uint32(i) {
			t.Errorf("%s: part %d has number %d", name, i, p.SequenceNumber)
		}
		at := p.Tracks[0].BaseTime
		for _, s := range p.Tracks[0].Samples {
			m.samples = append(m.samples, sample{at, s.Duration, !s.IsNonSyncSample})
			at += uint64(s.Duration)
		}
	}
	m.parts = len(parts)
	return m
}

// wholeParts cuts off what does not make a whole moof with its mdat.
func wholeParts(b []byte) []byte {
	end, at := 0, 0
	for at+8 <= len(b) {
		size := int(binary.BigEndian.Uint32(b[at:]))
		if size < 8 || at+size > len(b) {
			break
		}
		at += size
		if string(b[at-size+4:at-size+8]) == "mdat" {
			end = at
		}
	}
	return b[:end]
}

// TestOtherPlayersAgree lets ffprobe count and decode, whole and torn files.
func TestOtherPlayersAgree(t *testing.T) {
	ffprobe, err := exec.LookPath("ffprobe")
	if err != nil {
		t.Skip("ffprobe is not installed; the boxes are read by other tests")
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, _ := start(t, config(dir), nil)
		play(w, clip(t, "small.h264", 0))
		finish(t, w)
	})
	names, _ := filepath.Glob(filepath.Join(dir, "*.mp4"))
	probe := func(name string) (frames int, complaints string) {
		cmd := exec.Command(ffprobe, "-v", "warning", "-count_frames", "-select_streams", "v",
			"-show_entries", "frame=pts", "-of", "csv=p=0", name)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.Bytes())
		}
		return len(strings.Fields(string(out))), stderr.String()
	}
	if n, complaints := probe(names[0]); n != 100 || complaints != "" {
		t.Errorf("ffprobe finds %d pictures, and says %q", n, complaints)
	}
	whole, _ := os.ReadFile(names[0])
	torn := filepath.Join(dir, "torn.mp4")
	os.WriteFile(torn, whole[:len(whole)-200], 0o600)
	if n, _ := probe(torn); n < 75 {
		t.Errorf("ffprobe finds %d pictures in a torn file, want the three whole parts", n)
	}
}
