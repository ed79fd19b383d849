package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// measured is how the names of the elements begin whose time counts.
const measured = "measured"

// graph is a pipeline between a test source of 1080p pictures and a sink that
// throws them away. It runs in a process of its own.
type graph struct {
	format   frame.Format
	elements []string
}

func size(p image.Point) string {
	return fmt.Sprintf("video/x-raw,width=%d,height=%d,pixel-aspect-ratio=1/1", p.X, p.Y)
}

// run returns, for each frame, the time that it spent in the measured elements.
// The first frames, in which elements are still made ready, do not count.
func (g graph) run(frames int) ([]time.Duration, error) {
	const unready = 5
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	args := []string{"-q", "videotestsrc", fmt.Sprintf("num-buffers=%d", frames+unready), "!",
		fmt.Sprintf("video/x-raw,format=%s,width=%d,height=%d,colorimetry=bt709", g.format, width, height), "!"}
	args = append(append(args, g.elements...), "!", "fakesink", "sync=false")
	cmd := exec.CommandContext(ctx, "gst-launch-1.0", args...)
	cmd.Env = append(os.Environ(), "GST_TRACERS=latency(flags=element)", "GST_DEBUG=GST_TRACER:7", "GST_DEBUG_NO_COLOR=1", "GST_DEBUG_FILE=")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("gst-launch-1.0 %s: %w", strings.Join(args, " "), err)
	}
	times := latencies(log.String())
	if len(times) <= unready {
		return nil, errors.New("GStreamer's latency tracer reports nothing: its tracers (libgstcoretracers) are needed")
	}
	return times[unready:], nil
}

var latency = regexp.MustCompile(`element-latency,.* element=\(string\)` + measured + `(\d*),.* time=\(guint64\)(\d+)`)

// latencies adds up, frame by frame, what the tracer says of the measured
// elements.
func latencies(log string) (times []time.Duration) {
	frames := map[string]int{} // by element
	for _, m := range latency.FindAllStringSubmatch(log, -1) {
		ns, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			continue
		}
		n := frames[m[1]]
		frames[m[1]]++
		if n == len(times) {
			times = append(times, 0)
		}
		times[n] += time.Duration(ns)
	}
	return times
}
