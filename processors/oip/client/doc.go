// Package client calls one model on servers of the Open Inference Protocol,
// version 2, over gRPC: several endpoints that stand in for each other.
//
// # What happens to a call
//
// [Client.Infer] sends a call to the first endpoint that is in use, in the order
// they are listed, or to each in turn with Options.Spread. When the call fails
// for a reason that another call may not have (codes Unavailable, Aborted,
// ResourceExhausted; another endpoint also after a deadline), it is made again,
// at another endpoint if there is one, as long as the caller's context leaves
// room, Options.Retries allows it and the retry budget does: of any run of n
// calls at most n/5 + 5 are retries, so that servers in trouble do not get more
// load than they had.
//
// # When an endpoint is in use
//
// An endpoint that fails three calls in a row, or is refused what no further
// call would get (wrong token, unknown model), is out of use for a while that
// doubles up to half a minute. Then it is asked over a new connection whether
// the model is ready and still takes and gives the same tensors, and comes back
// only if so; until a call succeeds, one failure is then enough. While all are out, calls fail at once, with the reason of each.
// Every step out and back goes to Options.OnTrouble or OnNotice and is counted in [Figures].
//
// # What is never shown
//
// The token goes to servers in the header of each call and nowhere else: should
// a server send it back in an error, it is blotted out.
package client
