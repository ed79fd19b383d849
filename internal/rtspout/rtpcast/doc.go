// Package rtpcast sends one live stream of encoded access units to any number
// of RTSP sessions: it packetizes each unit once, starts every session at a
// keyframe, and sends RTCP sender reports that carry the wall time of the
// picture itself, the first with a session's first packet and then one a
// second. Servers built on it decide who may play; see rtspout and rtspcam.
package rtpcast
