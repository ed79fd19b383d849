// Package gstgraph builds and runs the media graph of one camera with
// GStreamer: source, decoder, the way into Go and back, drawing and encoding.
// It implements [pipeline.Graph], holds all our cgo and is the only importer
// of go-gst.
//
// # Who does what
//
// go-gst makes elements, sets their properties, links them and changes their
// state. Frames and the bus go through a C shim (the .c files here, one idea
// each), because the bindings copy, leak or lack what is needed there. shim.h
// is all that Go sees of it.
//
//	input bin:   source ! … ! decoder ! videoconvert ! appsink ──▶ OnFrame
//	output bin:  Push ──▶ appsrc ! (drawing) ! videoconvert ! encoder ! h264parse ! appsink ──▶ OnPacket
//
// Both bins are in one GstPipeline: one clock, one base time. The input bin can
// be stopped while the output bin drains.
//
// # Ownership of a picture
//
// appsink's callback maps the sample and hands it over as a pooled
// [frame.Frame]; the sample stays mapped and referenced until the frame's last
// Release. Push gives the same GstBuffer on with its caps, segment and times.
// It is copied at one place only: before something is drawn on it, if anybody
// else still holds it.
//
// # Threads
//
// OnFrame is called on the decoder's streaming thread, OnPacket and Draw on
// the continuation's. Each graph has one goroutine for its bus. No callback
// blocks or changes the pipeline's state; every one of them recovers.
package gstgraph
