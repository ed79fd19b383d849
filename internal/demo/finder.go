package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/internal/demo/detector"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// The values of Options.Processor, and but for Auto the names of the demo's
// processor.
const (
	// Auto is Detector where ONNX Runtime is there, else Motion.
	Auto = "auto"
	// Motion finds what moves and does not know what it is.
	Motion = "motion"
	// Detector finds objects by their looks and names their classes.
	Detector = "detector"
)

// finder is what looks for the objects.
type finder struct {
	name   string
	reason string // why this one, for the viewer
	// settings are its lines of the config.
	settings string
	// byClass: a detection counts only if it names the object's class.
	byClass bool
	// settling is how long after a feed's first result nothing is judged.
	settling time.Duration
}

// chooseFinder decides by a trial start of the detector, whose files it puts
// into dir.
func chooseFinder(ctx context.Context, processor, dir string) (finder, error) {
	if processor == Motion {
		return motionFinder("as asked for"), nil
	}
	c, err := detector.Install(dir)
	if err != nil {
		return finder{}, err
	}
	switch err := trial(ctx, c); {
	case err == nil:
		return detectorFinder(c), nil
	case processor == Detector:
		return finder{}, fmt.Errorf("the detector cannot run: %w", err)
	default:
		return motionFinder(fmt.Sprintf("because the detector cannot run: %v", err)), nil
	}
}

func trial(ctx context.Context, c onnx.Config) error {
	p, err := onnx.New(c, onnx.Options{})
	if err != nil {
		return err
	}
	if err := p.Start(ctx); err != nil {
		return err
	}
	return p.Stop()
}

func motionFinder(why string) finder {
	return finder{
		name:     Motion,
		reason:   "whatever moves (motion), " + why,
		settings: "    type: motion\n",
		settling: 3 * time.Second, // the background is being learned
	}
}

// detectorFinder has one thread: inference costs far less than decoding.
func detectorFinder(c onnx.Config) finder {
	return finder{
		name:   Detector,
		reason: "balls, boxes, vans and persons by class (detector), because ONNX Runtime is there",
		settings: fmt.Sprintf("    type: onnx\n    model: %q\n    labels: %q\n    confidence: %v\n    threads: 1\n",
			c.Model, c.Labels, c.Confidence),
		byClass: true,
	}
}
