package film

import (
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
)

// ticksPerSecond is the timescale that players expect of video.
const ticksPerSecond = 90_000

// A part's header and each sample's entry in it, generously.
const (
	partOverhead   = 256
	sampleOverhead = 16
)

// muxer makes the bytes of one file: a header, then parts. It is passive: it
// holds one part's samples until it is asked for them.
type muxer struct {
	start    time.Duration // PTS of the first sample, time 0 of the file
	sequence uint32
	samples  []*fmp4.Sample
	base     uint64 // begin of the part
	last     uint64 // begin of the newest sample
	bytes    int
	duration uint32 // of the newest sample whose duration is known
	end      uint64 // of the last part
}

// defaultDuration is that of a sample that no other followed.
const defaultDuration = ticksPerSecond / 25

func newMuxer(start time.Duration) *muxer {
	return &muxer{start: start, duration: defaultDuration}
}

func header(p params) ([]byte, error) {
	var out seekablebuffer.Buffer
	err := fmp4.Init{Tracks: []*fmp4.InitTrack{{
		ID:        1,
		TimeScale: ticksPerSecond,
		Codec:     &fmp4.CodecH264{SPS: p.sps, PPS: p.pps},
	}}}.Marshal(&out)
	return out.Bytes(), err
}

// follow says when the next sample begins, which is when the newest one ends.
func (m *muxer) follow(pts time.Duration) uint64 {
	at := ticks(pts - m.start)
	if len(m.samples) == 0 {
		return max(at, m.end)
	}
	at = max(at, m.last+1)
	m.duration = uint32(at - m.last)
	m.samples[len(m.samples)-1].Duration = m.duration
	return at
}

// add takes the sample that begins at that time, as follow gave it.
func (m *muxer) add(at uint64, key bool, slices [][]byte) error {
	payload, err := h264.AVCC(slices).Marshal()
	if err != nil {
		return err
	}
	if len(m.samples) == 0 {
		m.base = at
	}
	m.last = at
	m.samples = append(m.samples, &fmp4.Sample{
		Duration: m.duration, IsNonSyncSample: !key, Payload: payload,
	})
	m.bytes += len(payload) + sampleOverhead
	return nil
}

// size of the part so far with so many bytes more, at most.
func (m *muxer) size(more int) int { return partOverhead + m.bytes + sampleOverhead + more }

// length of the part so far, up to the given time.
func (m *muxer) length(at uint64) time.Duration {
	if len(m.samples) == 0 {
		return 0
	}
	return time.Duration(at-m.base) * time.Second / ticksPerSecond
}

// part gives the samples held and begins the next part. The newest sample's
// duration is what follow made of it, else that of the one before.
func (m *muxer) part() (data []byte, samples int, err error) {
	var out seekablebuffer.Buffer
	err = fmp4.Part{SequenceNumber: m.sequence, Tracks: []*fmp4.PartTrack{{
		ID: 1, BaseTime: m.base, Samples: m.samples,
	}}}.Marshal(&out)
	m.sequence++
	samples = len(m.samples)
	m.end = m.last + uint64(m.samples[samples-1].Duration)
	m.samples, m.bytes = nil, 0
	return out.Bytes(), samples, err
}

func ticks(d time.Duration) uint64 {
	seconds, rest := d/time.Second, d%time.Second
	return uint64(seconds)*ticksPerSecond + uint64((rest*ticksPerSecond+time.Second/2)/time.Second)
}
