package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/demo"
)

const maxDemoCameras = 16

func demoCommand(args []string, out, errs io.Writer) int {
	flags, asJSON := newFlags("demo", "", errs)
	for_ := flags.Duration("for", 0, "end after this long, with a verdict and an exit code; 0: run until told to stop")
	cameras := flags.Int("cameras", 4, "synthetic cameras, 1–16")
	empty := flags.Bool("empty", false, "scenes in which nothing moves: every box is one too many")
	processor := flags.String("processor", demo.Auto, "what looks for the objects: detector (by class; needs ONNX Runtime), motion, or auto: the first that can run")
	wrong := flags.String("faults", "", "what goes wrong with one camera, one after the other, such as stall,reboot@2: names with commas between them, "+
		"@ and the camera's number (default: the last); there are "+strings.Join(demo.FaultNames(), ", "))
	listen := flags.String("listen", "127.0.0.1:8554", "address of the annotated streams")
	metrics := flags.String("metrics", "127.0.0.1:9464", "address of the metrics; empty: none")
	if code, ok := parse(flags, args, 0); !ok {
		return code
	}
	if *cameras < 1 || *cameras > maxDemoCameras || *for_ < 0 {
		fmt.Fprintf(errs, "nvpipe demo: --cameras must be 1–%d and --for 0 or more\n", maxDemoCameras)
		return exitUsage
	}
	if !slices.Contains([]string{demo.Auto, demo.Motion, demo.Detector}, *processor) {
		fmt.Fprintf(errs, "nvpipe demo: --processor must be auto, motion or detector, is %q\n", *processor)
		return exitUsage
	}
	faults, err := demo.ParseFaults(*wrong, *cameras)
	if err != nil {
		fmt.Fprintln(errs, "nvpipe demo: --faults:", err)
		return exitUsage
	}
	if *for_ > 0 && *for_ < faults.Length() {
		fmt.Fprintf(errs, "nvpipe demo: --for must be at least %v for these faults\n", faults.Length())
		return exitUsage
	}
	ctx, release := untilSignal(errs)
	defer release()
	if *for_ > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *for_)
		defer cancel()
	}
	log := newLog(config.Log{Level: "warn"}, errs)
	began := time.Now()
	v, err := demo.Run(ctx, demo.Options{
		Cameras: *cameras, Empty: *empty, Processor: *processor, Faults: faults, Listen: *listen, Metrics: *metrics,
		Out: out, Quiet: *asJSON, Terminal: isTerminal(out), Width: func() int { return widthOf(out) }, Log: log,
	})
	if err != nil {
		fmt.Fprintln(errs, "nvpipe demo:", err)
		return exitFailed
	}
	if *asJSON {
		_ = json.NewEncoder(out).Encode(v)
	} else {
		fmt.Fprintf(out, "\n%s%sdemo: %s after %v with %s: recall %.3f, precision %.3f over %d frames, ledger %s\n", byClass(v), ofFaults(v.Faults),
			passed(v.OK), time.Since(began).Round(time.Second), v.Processor, v.Recall, v.Precision, v.Frames, exact(v.LedgerOK))
	}
	// Somebody who ends it by hand has seen enough; only a timed run is a test.
	if *for_ > 0 && !v.OK {
		return exitFailed
	}
	return exitFine
}

// byClass is a line for each class, if the verdict has classes.
func byClass(v demo.Verdict) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(v.Classes)) {
		c := v.Classes[name]
		fmt.Fprintf(&b, "%-7s recall %.3f, precision %.3f\n", name, c.Recall, c.Precision)
	}
	return b.String()
}

// ofFaults is a line about the faults, if there were any.
func ofFaults(v *demo.FaultVerdict) string {
	if v == nil {
		return ""
	}
	back := "is back"
	if !v.Back {
		back = "is NOT back"
	}
	return fmt.Sprintf("faults: %s: %d of %d befell %s, it %s after %d reconnects; the other cameras lost %d pictures and reconnected %d times\n",
		passed(v.OK), len(v.Befell), v.Planned, v.Camera, back, v.Restarts, v.OthersLost, v.OthersRestarts)
}

func passed(ok bool) string {
	if ok {
		return "passed"
	}
	return "FAILED"
}

func exact(ok bool) string {
	if ok {
		return "exact"
	}
	return "NOT exact"
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// widthOf is a terminal's width in columns; 0: not known.
func widthOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}
