package frame

import "time"

// Box is a rectangle normalised to 0–1 of the full picture, x right, y down.
type Box struct{ XMin, YMin, XMax, YMax float32 }

// Area is the box's share of the picture; 0 for an empty or inverted box.
func (b Box) Area() float32 {
	if b.XMax <= b.XMin || b.YMax <= b.YMin {
		return 0
	}
	return (b.XMax - b.XMin) * (b.YMax - b.YMin)
}

// IoU is the intersection of two boxes over their union, 0–1.
func (b Box) IoU(o Box) float32 {
	i := Box{max(b.XMin, o.XMin), max(b.YMin, o.YMin), min(b.XMax, o.XMax), min(b.YMax, o.YMax)}.Area()
	u := b.Area() + o.Area() - i
	if u <= 0 {
		return 0
	}
	return i / u
}

// Detection is one thing found in a picture.
type Detection struct {
	// Class is the model's class index; -1 when the processor has no classes.
	Class int
	// Label is the class's name, such as "person" or "motion".
	Label string
	// Confidence is 0–1.
	Confidence float32
	Box        Box
	// Parent counts, from 0, the detections that Finding.Of has found in the
	// same frame: this one was found in a crop of that one. It means something
	// only where Finding.Of is set, and processors leave it alone.
	Parent int
}

// Output is what a processor found for one entry. The zero value is an empty
// output: processed, nothing found.
type Output struct {
	Detections []Detection
	// Data is any other output, handed on untouched. Of a processor that had
	// crops it is a []PartData, where some crop had any.
	Data any
}

// PartData is what a processor put out for one crop of a frame beside
// detections.
type PartData struct {
	// Parent counts like Detection.Parent.
	Parent int
	// Region is the crop, the parent's box with its margin.
	Region Box
	// Data is the crop's Output.Data, handed on untouched; never nil.
	Data any
}

// Lens says whether a camera can see.
type Lens uint8

const (
	// LensClear: as far as is known it can.
	LensClear Lens = iota
	// LensCovered: the picture has lost its structure: a cloth, a hand, paint, a
	// lens out of focus, darkness.
	LensCovered
	// LensBlinded: so much of the picture is white that the scene is not seen.
	LensBlinded
)

// String is the state's name in events: "clear", "covered" or "blinded".
func (l Lens) String() string {
	switch l {
	case LensClear:
		return "clear"
	case LensCovered:
		return "covered"
	case LensBlinded:
		return "blinded"
	}
	return "unknown"
}

// ViewState says where a camera was looking when a frame was taken. It is
// taken together with the frame, so that a result is never read with the view
// of a later moment.
type ViewState struct {
	// Epoch grows whenever the view has changed for good; what a processor
	// learned about the scene under another epoch no longer holds. It never
	// falls, also when a camera turns back. A lens that is covered or blinded,
	// or clear again, begins an epoch too.
	Epoch uint64
	// Pan and Tilt are -1–1, Zoom 0–1, as ONVIF normalises them; 0 if not known.
	Pan, Tilt, Zoom float32
	// Moving: the camera was moving when the frame was taken.
	Moving bool
	// Lens: whether anything could be seen.
	Lens Lens
}

// FixedView is the view provider of a camera that never moves.
type FixedView struct{}

// View is always the zero view.
func (FixedView) View(*Frame) ViewState { return ViewState{} }

// Entry is one frame in a batch, as a processor sees it: the frame, the view
// taken with it, and a place for the result. The batch owns the references;
// Frame is valid until Process returns.
type Entry struct {
	Frame *Frame
	View  ViewState
	// Region is the part of the picture that is meant, a crop of what another
	// processor has found; zero: all of it. Boxes in the output stay relative to
	// the full picture; what is said of the crop as a whole has Region as its box.
	Region Box
	// Output is set by the processor. Left alone it is an empty output.
	Output Output
	// Err fails this entry and no other.
	Err error
	// Padding: the entry only fills the batch up to a size that the processor
	// accepts; what it says of it is thrown away.
	Padding bool
	// Prepared is what the processor made of the frame before its batch was
	// cut; nil: nothing. It is released when Process has returned.
	Prepared Prepared
	// Finish, if the processor sets it, is called once after Process has
	// returned and the batch's frames were released, beside the next batch: it
	// sets Output or Err. If it is not to be called, because nobody waits for
	// the answer any more, it is released.
	Finish Finisher
}

// Prepared is work done ahead for one entry; it must not keep the frame. Both
// belong to the processor, which may use them again after Release.
type Prepared interface{ Release() }

// Finisher is the rest of the work on one entry, which needs neither the frame
// nor the processor's own goroutine. Finish and Release may run on any
// goroutine, those of different entries at once; one of the two is called,
// once. Finish panicking fails the entry.
type Finisher interface {
	Finish(e *Entry)
	Release()
}

// Traits is what a processor says of itself before it is used.
type Traits struct {
	// Stateful: results depend on earlier frames of the same feed, so a feed
	// stays with one instance and a batch is never retried.
	Stateful bool
	// BatchSizes are the sizes accepted, ascending; empty: any.
	BatchSizes []int
}

// Timings says where an entry's time went. They add up to Total but for the
// hand-over of the answer.
type Timings struct {
	// Queue: submitted, until a processor was free to take it.
	Queue time.Duration
	// BatchWait: from then until its batch closed.
	BatchWait time.Duration
	// Inference: the Process call of its batch.
	Inference time.Duration
	// Total: from submit to the answer.
	Total time.Duration
}

// Result is the one answer to a submitted entry.
type Result struct {
	// Outcome is Delivered, Failed, Timeout or Stopped.
	Outcome Outcome
	Output  Output
	// Err says why, when Outcome is Failed.
	Err error
	// Partial: the frame was submitted in parts, and some of them failed.
	Partial   bool
	Timings   Timings
	BatchSize int
}
