// Package oippb is the gRPC interface of the Open Inference Protocol, version
// 2, which Triton Inference Server, OpenVINO Model Server, KServe and others
// speak. All of it but this page is generated from open_inference.proto.
//
// A program may hold one Go package of these message names: one that embeds
// nvpipe and has another generated copy must use this one, or set
// GOLANG_PROTOBUF_REGISTRATION_CONFLICT=warn.
package oippb

//go:generate ./generate
