// Package letterbox makes a detector's input out of a decoded picture in one
// pass: from the decoder's own I420 or NV12 planes it samples, converts to RGB
// and writes float32 planes straight into a slot of the batch tensor, without
// an RGB picture in between.
//
// # What a pixel of the input is
//
// The picture is scaled by bilinear interpolation between sample centres (what
// OpenCV's resize does by default and detectors are trained with), luma and
// chroma each on their own grid, then converted to RGB by the picture's own
// matrix and range, rounded to a level of 0–255, and mapped to
// (level − Mean) × Scale. Outside the picture lies Pad. Chroma is taken to be
// sited as H.264 and H.265 do unless told otherwise: left horizontally, in the
// middle vertically.
//
// A [Converter] is made once for a kind of picture and may be used by any
// number of goroutines, each with a [Scratch] of its own. Converting allocates
// nothing.
package letterbox
