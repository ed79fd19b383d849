// Package letterbox makes a model's input out of a decoded picture in one pass:
// from the decoder's own I420 or NV12 planes it samples, converts to RGB and
// writes straight into a slot of the batch tensor, without an RGB picture in
// between.
//
//	c := letterbox.NewConverter(target)     // once per model; immutable
//	fit, err := c.Fit(f, region)            // where the picture will lie; checks it
//	c.Convert(slot, f, fit, &scratch)       // or Pad where padding is not there yet, and Picture
//	box, ok := fit.Box(x1, y1, x2, y2)      // from the input's pixels back to the picture
//
// A [Target] says what the input is: its size, type, layout and channels, how
// a picture of another shape is put into it ([Mode]) and which value a level
// becomes. A Converter may be used by any number of goroutines, each with a
// [Scratch] of its own. Once a Scratch has met the largest input, converting
// allocates nothing, whatever sizes and regions follow.
//
// # What a pixel of the input is
//
// The picture, or a region of it in whole pixels, is scaled by bilinear
// interpolation between the two nearest sample centres of each axis (what
// OpenCV's resize does by default and detectors are trained with; it does not
// average when it makes smaller), its edge repeated, luma and chroma each on
// their own grid. Then it is converted to RGB by the picture's own matrix and
// range, rounded to a level of 0–255, and mapped to (level − Mean) × Scale.
// Outside the picture lies Pad. Chroma is taken to be sited as H.264 and H.265
// do unless told otherwise: left horizontally, in the middle vertically.
//
// A level is within 0.75 of the exact value: half a level is the rounding, the
// rest the weights, which have 11 bits as OpenCV's do.
//
// # Where the time goes
//
// Everything is done a row at a time, in memory that stays in the processor's
// nearest cache: a plane's row is scaled, mixed with the next one, converted to
// levels, and levels are looked up as values. Rows that the output does not
// need are not touched. On amd64 with AVX2 these row functions are assembly,
// three to four times as fast as the Go code that they equal bit by bit; the
// build tag purego leaves them out.
package letterbox
