package rtpcast

import (
	"bytes"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNALUs(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want [][]byte
	}{
		"both kinds of start code":   {[]byte{0, 0, 0, 1, 7, 9, 0, 0, 1, 8, 0, 0, 0, 1, 5, 6}, [][]byte{{7, 9}, {8}, {5, 6}}},
		"zeros inside and at an end": {[]byte{0, 0, 1, 7, 0, 0, 2, 0, 0, 0, 0, 0, 1, 8, 0}, [][]byte{{7, 0, 0, 2}, {8}}},
		"bytes before the first":     {[]byte{9, 9, 0, 0, 1, 7}, [][]byte{{7}}},
		"empty units":                {[]byte{0, 0, 1, 0, 0, 1, 7}, [][]byte{{7}}},
		"none":                       {[]byte{1, 2, 3}, nil},
		"nothing":                    {nil, nil},
	} {
		got := NALUs(c.data)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v", name, got)
			continue
		}
		for i := range got {
			if !bytes.Equal(got[i], c.want[i]) {
				t.Errorf("%s: %v", name, got)
			}
		}
	}
}

func TestTicks(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for d, want := range map[time.Duration]int64{
		0: 0, time.Second: 90000, time.Second / 15: 6000, -time.Second / 15: -6000,
		year + time.Second/25: 365*24*3600*90000 + 3600, 5 * time.Microsecond: 0, 6 * time.Microsecond: 1,
	} {
		if got := ticks(d, 90000); got != want {
			t.Errorf("%v is %d ticks, want %d", d, got, want)
		}
	}
}

func TestUDPPair(t *testing.T) {
	pair, err := ListenUDPPair("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pair.CloseUnused()
	port := func(i int) int { return pair.conns[i].LocalAddr().(*net.UDPAddr).Port }
	if port(0)%2 != 0 || port(1) != port(0)+1 {
		t.Errorf("ports %d and %d", port(0), port(1))
	}
	if _, err := ListenUDPPair("127.0.0.1", port(0)); err == nil {
		t.Error("the pair was given out twice")
	}
}

func TestUnusableTracks(t *testing.T) {
	for name, track := range map[string]Track{"no codec": {}, "AAC without configuration": {Codec: AAC}} {
		if _, err := newSender(track); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// One 1080p picture at 8 Mbit/s, 25 a second, split and packetized.
func BenchmarkPacketize(b *testing.B) {
	s, err := newSender(Track{Codec: H264})
	if err != nil {
		b.Fatal(err)
	}
	unit := AnnexB([]byte{0x67, 1}, []byte{0x68, 2}, append([]byte{0x65}, bytes.Repeat([]byte{0x5a, 0xa5}, 20000)...))
	b.SetBytes(int64(len(unit)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.packetize(0, unit); err != nil {
			b.Fatal(err)
		}
	}
}
