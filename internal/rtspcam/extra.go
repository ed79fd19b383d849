package rtspcam

import (
	"context"
	"slices"

	"github.com/nvpipe/nvpipe/frame"
)

// WithAudio puts a track of AAC before those of a source, as many cameras do:
// a frame of silence with each unit of the source's first track.
func WithAudio(s Source) Source {
	return extra{
		Source: s,
		before: []Track{{Codec: AAC, AudioConfig: []byte{0x11, 0x88}}}, // LC, 48 kHz, mono
		data:   []byte{0x00, 0xc8, 0x00, 0x80, 0x23, 0x80},
	}
}

// WithMetadata adds a track of ONVIF metadata behind those of a source: a
// document with each unit of the source's first track.
func WithMetadata(s Source) Source {
	return extra{
		Source: s,
		after:  []Track{{Codec: Metadata}},
		data:   []byte(`<?xml version="1.0"?><tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"/>`),
	}
}

// extra is a source with one more track, before or after its own.
type extra struct {
	Source
	before, after []Track
	data          []byte
}

func (e extra) Tracks() []Track { return slices.Concat(e.before, e.Source.Tracks(), e.after) }

func (e extra) Run(ctx context.Context, send Send) error {
	own := len(e.before)            // the source's first track
	added := len(e.Source.Tracks()) // ours, behind
	if own > 0 {
		added = 0
	}
	return e.Source.Run(ctx, func(track int, p frame.Packet) {
		send(own+track, p)
		if track == 0 {
			p.Data = e.data
			send(added, p)
		}
	})
}
