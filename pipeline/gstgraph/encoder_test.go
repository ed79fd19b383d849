package gstgraph

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// packets gathers what an encoder or a graph makes.
type packets struct {
	mu  sync.Mutex
	all []frame.Packet
}

func (p *packets) add(k frame.Packet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, k)
}

func (p *packets) list() []frame.Packet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]frame.Packet(nil), p.all...)
}

// picture is a grey I420 picture with a bright square whose place depends on n.
func picture(width, height, n int) [3]frame.Plane {
	plane := func(w, h int, v byte) frame.Plane {
		return frame.Plane{Data: bytes.Repeat([]byte{v}, w*h), Stride: w}
	}
	p := [3]frame.Plane{plane(width, height, 90), plane(width/2, height/2, 128), plane(width/2, height/2, 128)}
	side := min(width, height) / 4
	for y := range side {
		for x := range side {
			p[0].Data[(y+n%(height-side))*width+x+n%(width-side)] = 220
		}
	}
	return p
}

func encode(t *testing.T, s EncoderSettings, n int) []frame.Packet {
	t.Helper()
	var got packets
	e, err := NewEncoder(s, got.add)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for i := range n {
		pts := time.Duration(i) * time.Second / time.Duration(s.FPS)
		if err := e.Encode(picture(s.Width, s.Height, i), pts); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return got.list()
}

func TestEncoderMakesOnePacketPerPicture(t *testing.T) {
	t.Parallel()
	for codec, start := range map[string][]byte{
		"H264": {0, 0, 0, 1}, "H265": {0, 0, 0, 1}, "JPEG": {0xff, 0xd8},
	} {
		t.Run(codec, func(t *testing.T) {
			s := EncoderSettings{Width: 320, Height: 240, FPS: 25, Codec: codec, KeyInterval: time.Second}
			if k, err := chooseEncoder(encodersOf(codecs[codec]), nil); err != nil {
				t.Skip(err)
			} else {
				t.Log(k.element)
			}
			const n = 60
			got := encode(t, s, n)
			if len(got) != n {
				t.Fatalf("%d packets of %d pictures", len(got), n)
			}
			for i, p := range got {
				if want := time.Duration(i) * 40 * time.Millisecond; p.PTS != want {
					t.Fatalf("packet %d at %v, want %v", i, p.PTS, want)
				}
				if !bytes.HasPrefix(p.Data, start) {
					t.Fatalf("packet %d starts with % x", i, p.Data[:4])
				}
				if key := codec == "JPEG" || i%25 == 0; p.Keyframe != key {
					t.Fatalf("packet %d: keyframe %v", i, p.Keyframe)
				}
				if p.Width != 320 || p.Height != 240 {
					t.Fatalf("packet %d is %d×%d", i, p.Width, p.Height)
				}
			}
		})
	}
}
