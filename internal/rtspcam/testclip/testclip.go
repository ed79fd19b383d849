// Package testclip is a tiny recording made for tests, so that a camera needs
// no encoder: 320×240, 15 pictures a second, a keyframe every 15, 2 s long; a
// bright square crosses a textured ground from left to right.
package testclip

import (
	_ "embed"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
)

// What the clips show.
const (
	Width, Height = 320, 240
	FPS           = 15
	Pictures      = 30
	// KeyframeEvery is the distance of keyframes in pictures.
	KeyframeEvery = 15
)

//go:embed testdata/clip.h264
var h264 []byte

//go:embed testdata/small.h264
var small []byte

//go:embed testdata/clip.h265
var h265 []byte

// H264 is the clip in H.264.
func H264() *rtspcam.Clip { return must(rtspcam.AnnexBClip(rtspcam.H264, h264, FPS)) }

// Small is the clip in H.264 at half the width and height: H264().Then(Small())
// is a camera whose picture changes its size in the middle of a session.
func Small() *rtspcam.Clip { return must(rtspcam.AnnexBClip(rtspcam.H264, small, FPS)) }

// H265 is the clip in H.265.
func H265() *rtspcam.Clip { return must(rtspcam.AnnexBClip(rtspcam.H265, h265, FPS)) }

// Packets is one pass through the H.264 clip as encoded packets, with PTS from
// 0, for tests of what takes packets.
func Packets() []frame.Packet {
	packets := H264().Units(0)
	for i := range packets {
		packets[i].Width, packets[i].Height = Width, Height
	}
	return packets
}

func must(c *rtspcam.Clip, err error) *rtspcam.Clip {
	if err != nil {
		panic(err) // the embedded file is broken
	}
	return c
}
