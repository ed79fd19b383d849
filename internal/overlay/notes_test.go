package overlay

import (
	"slices"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// cascade is what a detector found, what a classifier says of it, what another
// detector found within it, and what a third says of that.
func cascade() []frame.Finding {
	of := func(processor, of string, age time.Duration, d ...frame.Detection) frame.Finding {
		return frame.Finding{Processor: processor, Of: of, Age: age, Result: &frame.Result{Output: frame.Output{Detections: d}}}
	}
	in := func(parent int, d frame.Detection) frame.Detection {
		d.Parent = parent
		return d
	}
	return []frame.Finding{
		of("objects", "", 0, detection("person", .87, .1, .3, .3, .9), detection("car", .93, .45, .4, .9, .85)),
		of("makes", "objects", 0, in(1, detection("van", .7, .4, .35, .95, .9))),
		of("plates", "objects", 0, in(1, detection("plate", .8, .6, .7, .7, .76))),
		of("colours", "makes", 0, in(0, detection("white", .6, .4, .35, .95, .9))),
		of("letters", "plates", 0, in(0, detection("AB 123", .99, .59, .69, .71, .77))),
	}
}

// plates are the texts on the plates, box by box.
func plates(p *Painter) (all [][]string) {
	for i := range p.boxes {
		p.write(&p.boxes[i])
		var lines []string
		for _, l := range p.lines[:p.shown] {
			lines = append(lines, string(l))
		}
		all = append(all, lines)
	}
	return all
}

func wantPlates(t *testing.T, f []frame.Finding, want ...[]string) {
	t.Helper()
	p := paint(t, DefaultConfig(), picture(frame.I420, 1280, 720), f)
	if got := plates(p); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("plates %q, want %q", got, want)
	}
}

// What is said of a thing as a whole is a line on its plate, also when it is
// said of what was said; what is found within it has a box of its own.
func TestSecondFindingsAreLinesOnThePlate(t *testing.T) {
	wantPlates(t, cascade(),
		[]string{"person 87%"}, []string{"car 93%", "van 70%", "white 60%"}, []string{"plate 80%", "AB 123 99%"})
}

// A second processor is often some frames behind: its answer stays at what
// stands in that place now.
func TestLateNotesGoWhereTheThingIsNow(t *testing.T) {
	f := cascade()[:2]
	f[1].Age, f[1].Result.Output.Detections[0].Parent = 200*time.Millisecond, 0
	f[0].Result.Output.Detections[1].Box.XMin += .02
	wantPlates(t, f, []string{"person 87%"}, []string{"car 93%", "van 70%"})
	f[1].Age = 2 * time.Second
	wantPlates(t, f, []string{"person 87%"}, []string{"car 93%", "van 70% · 2.0 s ago"})
	f[0].Result.Output.Detections = f[0].Result.Output.Detections[:1] // the car has left
	wantPlates(t, f, []string{"person 87%"}, []string{"van 70% · 2.0 s ago"})
}

func TestNotesWithoutTheirThing(t *testing.T) {
	for _, parent := range []int{-1, 2} {
		f := cascade()[:2]
		f[1].Result.Output.Detections[0].Parent = parent
		wantPlates(t, f, []string{"person 87%"}, []string{"van 70%"}, []string{"car 93%"})
	}
	wantPlates(t, cascade()[1:2], []string{"van 70%"})
}

func TestNotesAreBounded(t *testing.T) {
	f := cascade()[:2]
	f[1].Result.Output.Detections = slices.Repeat(f[1].Result.Output.Detections, 2*maxBoxes)
	p := paint(t, DefaultConfig(), picture(frame.I420, 320, 240), f)
	if got := plates(p); len(got[1]) != 1+maxNotes {
		t.Errorf("%d lines on a plate", len(got[1]))
	}
}
