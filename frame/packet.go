package frame

import "time"

// Packet is one access unit of encoded video on its way to viewers and files.
// It is immutable: Data may be shared by any number of readers.
type Packet struct {
	// PTS is on the feed's stream clock, strictly increasing across reconnects.
	// There are no reordered pictures, so it is the decoding time too.
	PTS time.Duration
	// Captured is the wall time of the picture inside.
	Captured time.Time
	// Keyframe: decoding can start here; parameter sets are inside.
	Keyframe bool
	// Width and Height of the picture inside.
	Width, Height int
	// Data is an H.264 access unit in Annex B form (start codes).
	Data []byte
}

// Finding is what one processor says about a frame that a continuation gets.
type Finding struct {
	// Processor is the processor's name in the config.
	Processor string
	// Of is the processor whose detections were cropped for this one; empty:
	// this one had the whole frame. With Of, Detection.Parent means something.
	Of string
	// Result is never nil; it is shared and must not be changed.
	Result *Result
	// Age is how much older the result's own frame is, by PTS; 0: this frame's own.
	Age time.Duration
}
