// Package detect is what all detectors have in common, whatever runs the
// model: from the pictures of a batch to the tensor that goes in, and from the
// tensors that come out to what was found.
//
// A [Plan] is made of a model's own description and of what the user set
// ([Config]): how a picture becomes the input, which family of models the
// outputs belong to and so how they are read. A [Detector] does the work on
// batches, over a [Runner], which is all that a runtime has to bring:
// processors/onnx runs models in this process, processors/oip on a server.
//
// # What happens to a batch
//
// Each picture is letterboxed from the decoder's own planes straight into its
// slot of one tensor (package letterbox), several pictures side by side; the
// model runs once on the whole batch; its family reads the outputs (package family)
// as candidates, overlapping ones go (package nms), and what is left is mapped
// back to the full picture. In steady state nothing is allocated per picture
// but the detections themselves.
//
// # What happens beside it
//
// An [Intake] does the first step for entries that still wait, on whatever
// goroutine asks, into the next slot of a [Tray]. A batch is run in the tray
// that has most of its pictures in the slots that are run and nobody else's;
// what lies elsewhere is copied there. A tray is run once, then its slots are
// given back one by one, when their outputs have been read, and it is filled
// anew. The reading can be left to the entries' Finish, beside the next run.
package detect
