// Package oiptest is a server of the Open Inference Protocol for tests: it
// speaks the protocol over a [Model], which may be one of ONNX Runtime's
// ([Load]), on a [Network] in memory or on TCP, and can be told to misbehave.
package oiptest
