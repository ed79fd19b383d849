package model

import "github.com/nvpipe/nvpipe/frame"

// The pictures are as large as those of a camera's second stream. What they
// show does not matter: a model takes as long for anything.
const width, height = 640, 360

// Picture is the i-th of those that are measured with, in memory of its own.
func Picture(i int) *frame.Frame {
	f := &frame.Frame{Feed: "bench", Seq: uint64(i + 1), Format: frame.NV12, Width: width, Height: height}
	f.Planes[0] = frame.Plane{Data: make([]byte, width*height), Stride: width}
	f.Planes[1] = frame.Plane{Data: make([]byte, width*height/2), Stride: width}
	for at := range f.Planes[0].Data {
		f.Planes[0].Data[at] = byte(at%width/3 + i)
	}
	for at := range f.Planes[1].Data {
		f.Planes[1].Data[at] = 128
	}
	f.Init(nil)
	return f
}
