// Package testclip is a tiny recording made for tests, so that a camera needs
// no encoder: 320×240, 15 pictures a second, a keyframe every 15, 2 s long; a
// bright square crosses a textured ground from left to right.
package testclip

import (
	"bytes"
	_ "embed"
	"image"
	"image/jpeg"
	"time"

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

//go:embed testdata/long.h264
var long []byte

//go:embed testdata/reordered.mp4
var reordered []byte

//go:embed testdata/clip.h265
var h265 []byte

// H264 is the clip in H.264.
func H264() *rtspcam.Clip { return must(rtspcam.AnnexBClip(rtspcam.H264, h264, FPS)) }

// Small is the clip in H.264 at half the width and height: H264().Then(Small())
// is a camera whose picture changes its size in the middle of a session.
func Small() *rtspcam.Clip { return must(rtspcam.AnnexBClip(rtspcam.H264, small, FPS)) }

// H265 is the clip in H.265.
func H265() *rtspcam.Clip { return must(rtspcam.AnnexBClip(rtspcam.H265, h265, FPS)) }

// LongGroup is the clip in slow motion at half the width and height, a minute
// long with one keyframe, as cameras with a "smart" codec send. A client that
// must begin in the middle has to wait for it: [rtspcam.Faults.MidGroup].
func LongGroup() *rtspcam.Clip { return must(rtspcam.AnnexBClip(rtspcam.H264, long, FPS)) }

// Reordered is the clip at half the width and height with three B-pictures
// between two others: it is not sent in the order of PTS.
func Reordered() *rtspcam.Clip { return must(rtspcam.ParseMP4(bytes.NewReader(reordered))) }

// JPEG is the clip as pictures each by itself. It is drawn and encoded anew by
// each call.
func JPEG() *rtspcam.Clip {
	at := func(n int) time.Duration { return time.Duration(n) * time.Second / FPS }
	units := make([]frame.Packet, Pictures)
	for n := range units {
		units[n] = frame.Packet{PTS: at(n), Keyframe: true, Data: draw(n)}
	}
	return must(rtspcam.NewClip(rtspcam.Track{Codec: rtspcam.JPEG}, units, at(Pictures)))
}

// draw makes picture n as make.py does, without the texture.
func draw(n int) []byte {
	picture := image.NewYCbCr(image.Rect(0, 0, Width, Height), image.YCbCrSubsampleRatio420)
	square := image.Rect(0, 0, 60, 60).Add(image.Pt(10+n*8, 90))
	for y := range Height {
		for x := range Width {
			luma := uint8(40 + (x+y)*100/(Width+Height))
			if image.Pt(x, y).In(square) {
				luma = 0xd0
			}
			picture.Y[picture.YOffset(x, y)] = luma
		}
	}
	for i := range picture.Cb {
		picture.Cb[i], picture.Cr[i] = 0x70, 0x90
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 75}); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

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
