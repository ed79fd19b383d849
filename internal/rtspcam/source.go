package rtspcam

import (
	"context"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

// Track describes one elementary stream of a source.
type Track = rtpcast.Track

// Codec is the coding of a track.
type Codec = rtpcast.Codec

// The codecs of tracks.
const (
	H264 = rtpcast.H264
	H265 = rtpcast.H265
	JPEG = rtpcast.JPEG
	AAC  = rtpcast.AAC
	// Metadata is ONVIF metadata, at most a packet a unit.
	Metadata = rtpcast.Metadata
)

// Send takes one access unit of a track (an index into Source.Tracks), at the
// moment at which a camera would send it, on one goroutine. PTS counts from any
// origin, Captured is what sender reports will say, Keyframe means that decoding
// can start here. Data is as the track's Codec says; it is not changed, and not
// kept after Send returns. Width and Height are ignored.
type Send func(track int, unit frame.Packet)

// Source makes a camera's stream.
type Source interface {
	// Tracks are the streams in the order of the SDP; constant.
	Tracks() []Track
	// Run sends access units as time goes on, until ctx is done. An error
	// ends the stream: the camera goes on answering and sends nothing more.
	Run(ctx context.Context, send Send) error
}

// Video is a source of one video track whose pictures a function makes. run
// paces itself: it sends each picture when it is due, and returns when ctx is
// done.
func Video(codec Codec, run func(ctx context.Context, send func(frame.Packet)) error) Source {
	return video{codec, run}
}

type video struct {
	codec Codec
	run   func(context.Context, func(frame.Packet)) error
}

func (v video) Tracks() []Track { return []Track{{Codec: v.codec}} }

func (v video) Run(ctx context.Context, send Send) error {
	return v.run(ctx, func(p frame.Packet) { send(0, p) })
}
