package rtspcam

import (
	"context"
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

// Clip is a recording, looped as if it were live: PTS and capture times run on
// from loop to loop. It may be served by any number of cameras at once.
type Clip struct {
	tracks []Track
	units  []clipUnit // in the order of at
	length time.Duration
}

type clipUnit struct {
	track    int
	at       time.Duration // when it is sent, from the start of the clip
	pts      time.Duration // when its picture is taken; never after at
	keyframe bool
	data     []byte
}

// Tracks are the clip's streams in the order of the SDP.
func (c *Clip) Tracks() []Track { return c.tracks }

// Length is the time from one loop to the next.
func (c *Clip) Length() time.Duration { return c.length }

// Pictures is how many access units the video track has.
func (c *Clip) Pictures() int {
	n := 0
	for _, u := range c.units {
		if c.tracks[u.track].Codec != AAC {
			n++
		}
	}
	return n
}

// Units are the access units of a track in one pass through the clip, in
// decoding order, without capture times.
func (c *Clip) Units(track int) []frame.Packet {
	var units []frame.Packet
	for _, u := range c.units {
		if u.track == track {
			units = append(units, frame.Packet{PTS: u.pts, Keyframe: u.keyframe, Data: u.data})
		}
	}
	return units
}

// Run sends the clip again and again from now on. Captured is when the picture
// would have been taken: the start of Run plus its PTS.
func (c *Clip) Run(ctx context.Context, send Send) error {
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for loop := time.Duration(0); ; loop += c.length {
		for _, u := range c.units {
			timer.Reset(time.Until(start.Add(loop + u.at)))
			select {
			case <-ctx.Done():
				return nil
			case <-timer.C:
			}
			send(u.track, frame.Packet{
				PTS: loop + u.pts, Captured: start.Add(loop + u.pts),
				Keyframe: u.keyframe, Data: u.data,
			})
		}
	}
}

// AnnexBClip is a clip of an elementary stream, as `ffmpeg -f h264` or `-f
// hevc` writes it: pictures without reordering, fps of them a second. data is
// kept and must not change.
func AnnexBClip(codec Codec, data []byte, fps float64) (*Clip, error) {
	if codec != H264 && codec != H265 {
		return nil, fmt.Errorf("an Annex B clip must be H264 or H265, not %v", codec)
	}
	if !(fps > 0) {
		return nil, fmt.Errorf("clip with %v pictures a second: must be more than 0", fps)
	}
	params := codec.Params(data)
	if params == nil {
		return nil, fmt.Errorf("clip of %d bytes has no %v parameter sets", len(data), codec)
	}
	c := &Clip{tracks: []Track{{Codec: codec, Params: params}}}
	period := func(n int) time.Duration { return time.Duration(float64(n) * float64(time.Second) / fps) }
	var unit [][]byte
	keyframe := false
	for _, u := range rtpcast.NALUs(data) {
		unit = append(unit, u)
		if !codec.IsSlice(u) {
			continue
		}
		// One slice a picture: true of all clips made for this purpose.
		keyframe = codec.IsKeyframe(u)
		at := period(len(c.units))
		c.units = append(c.units, clipUnit{at: at, pts: at, keyframe: keyframe, data: rtpcast.AnnexB(unit...)})
		unit = nil
	}
	if len(c.units) == 0 || !c.units[0].keyframe {
		return nil, fmt.Errorf("clip of %d bytes does not begin with a keyframe", len(data))
	}
	c.length = period(len(c.units))
	return c, nil
}
