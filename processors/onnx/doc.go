// Package onnx finds things in pictures with a detection model in the ONNX
// format, run by ONNX Runtime.
//
// What happens to a batch is told in package detect; this package runs the
// model. A model whose batch dimension is open runs batches of any size. One
// fixed at n runs batches filled up to n; one fixed at 1 runs pictures one by
// one, which is said once through Options.OnNotice.
//
// # The runtime
//
// ONNX Runtime is a shared library that is loaded when the first processor
// starts; see [Config.Library] for where it is looked for. There is one per
// process: all processors share it, and it stays loaded. Without it everything
// but Start works.
//
// A model runs on the first of [Config.Providers] that loads, runs and warms it
// up. The others are told through Options.OnTrouble and counted in Figures.
//
// # What is checked when
//
// [Config.Validate] checks the settings alone. [New] reads the model's own
// description (package modelfile) and the labels, and refuses what does not
// fit together, digests that differ and weights outside the model's folder,
// without native code. Start checks the files again, loads the library and the
// model, and runs every batch size once: that warms it up, and proves that the
// outputs are what the description promises.
package onnx
