package family

import "github.com/nvpipe/nvpipe/processors/detect/letterbox"

// Input is what the published models of a family are given. A level of 0–255
// becomes (level × Scale − Mean) / Deviation, each channel by its own.
type Input struct {
	// Side of the square input in pixels, for models that leave it open.
	Side  int
	Order letterbox.Order
	Mode  letterbox.Mode
	// Shorter is, for CentreCrop, the picture's shorter side before the crop
	// for an input of Side; 0: no larger than covers the input.
	Shorter         int
	Pad             uint8
	Scale           float32
	Mean, Deviation [3]float32
}

const toUnit = 1. / 255

var ones = [3]float32{1, 1, 1}

// unit is red, green and blue as 0–1.
func unit(side int, mode letterbox.Mode, pad uint8) Input {
	return Input{Side: side, Order: letterbox.RGB, Mode: mode, Pad: pad, Scale: toUnit, Deviation: ones}
}

// imageNet is red, green and blue, centred by the mean and the deviation of
// ImageNet's pictures.
func imageNet(side int, mode letterbox.Mode) Input {
	in := unit(side, mode, 0)
	in.Mean, in.Deviation = [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}
	return in
}

// published is how classifiers see pictures: a little less than all of them.
func (in Input) published() Input {
	in.Shorter = in.Side * 8 / 7
	return in
}

// signed is red, green and blue as −1–1.
func signed(side int, mode letterbox.Mode) Input {
	in := unit(side, mode, 0)
	in.Scale, in.Mean = 2*toUnit, ones
	return in
}

// InputFor is what a model of the family is given, by its layout.
func (f *Family) InputFor(l letterbox.Layout) Input {
	if l == letterbox.NHWC && f.ChannelsLast.Side != 0 {
		return f.ChannelsLast
	}
	return f.Input
}

// Plain is the input as 0–1, not centred, and as much of the picture as can be.
func (in Input) Plain() Input { return unit(in.Side, in.Mode, in.Pad) }

// Levels is the input with levels of 0–255 as they are.
func (in Input) Levels() Input {
	in.Scale, in.Mean, in.Deviation = 1, [3]float32{}, ones
	return in
}
