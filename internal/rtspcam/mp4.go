package rtspcam

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/abema/go-mp4"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

// maxFootage bounds what ReadMP4 holds in memory.
const maxFootage = 1 << 30

// ReadMP4 reads the H.264 video and AAC audio of an MP4 file (not fragmented)
// as a clip. Audio comes first in the SDP, as on many cameras. The clip is as
// long as its video; audio beyond that is left out.
func ReadMP4(path string) (*Clip, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	clip, err := ParseMP4(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return clip, nil
}

// ParseMP4 is ReadMP4 of a file that is open or in memory.
func ParseMP4(r io.ReadSeeker) (*Clip, error) {
	info, err := mp4.Probe(r)
	if err != nil {
		return nil, fmt.Errorf("not an MP4 file: %w", err)
	}
	traks, err := mp4.ExtractBox(r, nil, mp4.BoxPath{mp4.BoxTypeMoov(), mp4.BoxTypeTrak()})
	if err != nil {
		return nil, err
	}
	clip := &Clip{}
	size := uint64(0)
	for _, codec := range []mp4.Codec{mp4.CodecMP4A, mp4.CodecAVC1} {
		i := slices.IndexFunc(info.Tracks, func(t *mp4.Track) bool { return t.Codec == codec && !t.Encrypted })
		if i < 0 {
			continue
		}
		t := info.Tracks[i]
		if t.Timescale == 0 {
			return nil, fmt.Errorf("track %d has no timescale", t.TrackID)
		}
		for _, s := range t.Samples {
			size += uint64(s.Size)
		}
		if size > maxFootage {
			return nil, fmt.Errorf("more than %d MiB of footage", maxFootage>>20)
		}
		if err := clip.addTrack(r, traks[i], t); err != nil {
			return nil, fmt.Errorf("track %d: %w", t.TrackID, err)
		}
	}
	if clip.length == 0 {
		return nil, fmt.Errorf("no H.264 video track")
	}
	clip.interleave()
	return clip, nil
}

// interleave brings sound and picture into the order in which they are sent.
//
// Pictures are sent in decoding order. With reordering a picture is decoded
// before its own time; everything is sent that much later, so that no camera
// sends what it has not seen yet.
func (c *Clip) interleave() {
	var late time.Duration
	for _, u := range c.units {
		late = max(late, u.pts-u.at)
	}
	for i := range c.units {
		c.units[i].at += late
	}
	c.units = slices.DeleteFunc(c.units, func(u clipUnit) bool {
		return c.tracks[u.track].Codec == AAC && u.pts >= c.length
	})
	slices.SortStableFunc(c.units, func(a, b clipUnit) int { return cmp.Compare(a.at, b.at) })
}

func (c *Clip) addTrack(r io.ReadSeeker, trak *mp4.BoxInfo, t *mp4.Track) error {
	var convert func([]byte) ([]byte, bool, error)
	track := Track{Codec: H264}
	var err error
	if t.Codec == mp4.CodecMP4A {
		track.Codec = AAC
		track.AudioConfig, err = audioConfig(r, trak)
		convert = func(b []byte) ([]byte, bool, error) { return b, true, nil }
	} else {
		track.Params, err = parameterSets(r, trak)
		convert = func(b []byte) ([]byte, bool, error) { return annexBOfAVCC(b, track.Params) }
	}
	if err != nil {
		return err
	}
	index := len(c.tracks)
	c.tracks = append(c.tracks, track)

	scale := func(n int64) time.Duration {
		return time.Duration(n/int64(t.Timescale))*time.Second +
			time.Duration(n%int64(t.Timescale))*time.Second/time.Duration(t.Timescale)
	}
	var decode, first int64
	n := 0
	for _, chunk := range t.Chunks {
		if _, err := r.Seek(int64(chunk.DataOffset), io.SeekStart); err != nil {
			return err
		}
		for range chunk.SamplesPerChunk {
			if n == len(t.Samples) {
				return fmt.Errorf("more samples in chunks than the %d of the sample table", n)
			}
			s := t.Samples[n]
			data := make([]byte, s.Size)
			if _, err := io.ReadFull(r, data); err != nil {
				return fmt.Errorf("sample %d: %w", n, err)
			}
			if n == 0 {
				first = s.CompositionTimeOffset
			}
			unit := clipUnit{track: index, at: scale(decode), pts: scale(decode + s.CompositionTimeOffset - first)}
			if unit.data, unit.keyframe, err = convert(data); err != nil {
				return fmt.Errorf("sample %d: %w", n, err)
			}
			c.units = append(c.units, unit)
			decode += int64(s.TimeDelta)
			n++
		}
	}
	if track.Codec != AAC {
		c.length = scale(decode)
	}
	return nil
}

// annexBOfAVCC rewrites a sample of length-prefixed NAL units; keyframes get
// their parameter sets, which MP4 keeps apart.
func annexBOfAVCC(sample []byte, params [][]byte) (data []byte, keyframe bool, err error) {
	var nalus h264.AVCC
	if err := nalus.Unmarshal(sample); err != nil {
		return nil, false, err
	}
	keyframe = slices.ContainsFunc(nalus, H264.IsKeyframe)
	if keyframe && !slices.ContainsFunc(nalus, H264.IsParams) {
		nalus = append(slices.Clone(params), nalus...)
	}
	return rtpcast.AnnexB(nalus...), keyframe, nil
}

func sampleEntry(r io.ReadSeeker, trak *mp4.BoxInfo, path ...mp4.BoxType) (mp4.IBox, error) {
	stbl := mp4.BoxPath{mp4.BoxTypeMdia(), mp4.BoxTypeMinf(), mp4.BoxTypeStbl(), mp4.BoxTypeStsd()}
	boxes, err := mp4.ExtractBoxWithPayload(r, trak, append(stbl, path...))
	if err != nil {
		return nil, err
	}
	if len(boxes) == 0 {
		return nil, fmt.Errorf("no %v box", path[len(path)-1])
	}
	return boxes[0].Payload, nil
}

func parameterSets(r io.ReadSeeker, trak *mp4.BoxInfo) ([][]byte, error) {
	box, err := sampleEntry(r, trak, mp4.BoxTypeAvc1(), mp4.BoxTypeAvcC())
	if err != nil {
		return nil, err
	}
	avcc := box.(*mp4.AVCDecoderConfiguration)
	if avcc.LengthSizeMinusOne != 3 || len(avcc.SequenceParameterSets) != 1 || len(avcc.PictureParameterSets) != 1 {
		return nil, fmt.Errorf("H.264 with %d SPS, %d PPS and lengths of %d bytes: must be 1, 1 and 4",
			len(avcc.SequenceParameterSets), len(avcc.PictureParameterSets), avcc.LengthSizeMinusOne+1)
	}
	return [][]byte{avcc.SequenceParameterSets[0].NALUnit, avcc.PictureParameterSets[0].NALUnit}, nil
}

func audioConfig(r io.ReadSeeker, trak *mp4.BoxInfo) ([]byte, error) {
	box, err := sampleEntry(r, trak, mp4.BoxTypeMp4a(), mp4.BoxTypeEsds())
	if err != nil {
		return nil, err
	}
	for _, d := range box.(*mp4.Esds).Descriptors {
		if d.Tag == mp4.DecSpecificInfoTag {
			return d.Data, nil
		}
	}
	return nil, fmt.Errorf("AAC without AudioSpecificConfig")
}
