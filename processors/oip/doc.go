// Package oip finds things in pictures with a detection model on a server of
// the Open Inference Protocol, version 2, over gRPC: Triton Inference Server,
// OpenVINO Model Server, KServe and others.
//
// It is what processors/onnx is, with the model elsewhere: the pictures of a
// batch are letterboxed here into one tensor, sent in one call, and what comes
// back is read here (package detect). What the model takes and gives is read
// from the server when the processor starts. Package client has the rest:
// several endpoints that stand in for each other, deadline, retries within a
// budget, TLS and token.
//
// # What is checked when
//
// [Config.Validate] checks the settings alone and [New] the files they name.
// Start asks the servers for the model, refuses one that is no detector of a
// known kind or does not fit the settings, and runs it once at the smallest and
// at the largest size of a batch.
//
// # When servers fail
//
// A batch that cannot be had from any endpoint in time fails as a whole, with
// an error that names each endpoint tried. The processor lives on: a server that
// comes back is used again with the next batch.
package oip
