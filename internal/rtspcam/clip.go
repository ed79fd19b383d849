package rtspcam

import (
	"context"
	"fmt"
	"slices"
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

// NewClip is a clip of one track's access units, in decoding order, the next of
// which would come at length. Pictures must not be reordered. Data is kept and
// must not change.
func NewClip(track Track, units []frame.Packet, length time.Duration) (*Clip, error) {
	if len(units) == 0 {
		return nil, fmt.Errorf("clip without units")
	}
	if last := units[len(units)-1].PTS; length <= last {
		return nil, fmt.Errorf("clip of %v whose last unit is at %v", length, last)
	}
	c := &Clip{tracks: []Track{track}, length: length}
	for _, u := range units {
		c.units = append(c.units, clipUnit{at: u.PTS, pts: u.PTS, keyframe: u.Keyframe, data: u.Data})
	}
	return c, nil
}

// Then is a clip that plays c and after it next, which is of the same codec but
// may be of another size. Both have one track.
func (c *Clip) Then(next *Clip) (*Clip, error) {
	if len(c.tracks) != 1 || len(next.tracks) != 1 || c.tracks[0].Codec != next.tracks[0].Codec {
		return nil, fmt.Errorf("clips that follow each other must have one track of the same codec")
	}
	both := &Clip{tracks: c.tracks, units: slices.Clone(c.units), length: c.length + next.length}
	for _, u := range next.units {
		u.at += c.length
		u.pts += c.length
		both.units = append(both.units, u)
	}
	return both, nil
}

// AtSpeed is the clip with factor times as many pictures a second, as stamped
// and as sent. It has one track.
func (c *Clip) AtSpeed(factor float64) *Clip {
	scale := func(d time.Duration) time.Duration { return time.Duration(float64(d) / factor) }
	fast := &Clip{tracks: c.tracks, units: slices.Clone(c.units), length: scale(c.length)}
	for i, u := range fast.units {
		fast.units[i].at, fast.units[i].pts = scale(u.at), scale(u.pts)
	}
	return fast
}

// AnnexBClip is a clip of an elementary stream, as `ffmpeg -f h264` or `-f
// hevc` writes it: pictures of one slice, without reordering, beginning with a
// keyframe; fps of them a second. data is not kept.
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
	period := func(n int) time.Duration { return time.Duration(float64(n) * float64(time.Second) / fps) }
	var units []frame.Packet
	var pending [][]byte
	for _, u := range rtpcast.NALUs(data) {
		pending = append(pending, u)
		if codec.IsSlice(u) {
			units = append(units, frame.Packet{PTS: period(len(units)), Keyframe: codec.IsKeyframe(u), Data: rtpcast.AnnexB(pending...)})
			pending = nil
		}
	}
	if len(units) == 0 || !units[0].Keyframe {
		return nil, fmt.Errorf("clip of %d bytes does not begin with a keyframe", len(data))
	}
	return NewClip(Track{Codec: codec, Params: params}, units, period(len(units)))
}
