package film

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

func TestARecordingHasEveryPacket(t *testing.T) {
	packets := clip(t, "small.h264", time.Second)
	var file bytes.Buffer
	r := NewRecording(&file, time.Second)
	for _, p := range packets {
		if err := r.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	before := file.Len()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if before == file.Len() {
		t.Error("Close had nothing to write, so the last part was written too early")
	}
	name := filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	m := readMovie(t, name)
	if len(m.samples) != len(packets) || m.samples[0].at != 0 || !m.samples[0].key {
		t.Errorf("%d samples of %d packets, begins with %+v", len(m.samples), len(packets), m.samples[0])
	}
}

func TestWhatARecordingRefuses(t *testing.T) {
	packets := clip(t, "small.h264", 0)
	full := errors.New("full")
	for name, c := range map[string]struct {
		to   refusing
		from int
	}{
		"no keyframe":     {refusing{}, 1},
		"a full disk":     {refusing{full}, 0},
		"not an H.264 au": {refusing{}, -1},
	} {
		r := NewRecording(c.to, time.Second)
		p := frame.Packet{Data: []byte{1, 2, 3}, Keyframe: true}
		if c.from >= 0 {
			p = packets[c.from]
		}
		if err := r.Write(p); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := NewRecording(refusing{full}, time.Second).Close(); err != nil {
		t.Errorf("a film without packets: %v", err)
	}
}

type refusing struct{ err error }

func (r refusing) Write(b []byte) (int, error) { return len(b), r.err }
