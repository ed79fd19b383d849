// Package rtspcam is an RTSP camera for tests and demonstrations: a server on
// loopback that sends a live stream as cameras do, with everything that real
// cameras do wrong at the turn of a knob.
//
// A [Camera] serves a [Source]: a [Clip] (footage or a committed clip, looped
// as live, needing no encoder), or a function that makes pictures as time goes
// on. The stream runs on while nobody watches, and while the camera is off.
//
// RTCP sender reports map RTP timestamps to the wall time that the source gave
// each picture, exactly, the first with the first packets of a session and then
// one a second; a client can so tell which picture it has got.
//
// [Faults] holds what can be wrong with the camera and with the network at its
// end; change it at any time with [Camera.Break]. [Camera.Stop] and Start are a
// reboot, [Camera.Reset] and DropConnections break what is connected,
// [Camera.Serve] makes it another camera at the same address. What is wrong for
// all its life is in [Options] and in the [Source].
//
// Package badnet has the faults of a network between the two ends, othercam a
// camera that is not ours.
package rtspcam
