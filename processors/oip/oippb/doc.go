// Package oippb is the gRPC interface of the Open Inference Protocol, version
// 2, which Triton Inference Server, OpenVINO Model Server, KServe and others
// speak. All of it but this page is generated from open_inference.proto.
package oippb

//go:generate ./generate
