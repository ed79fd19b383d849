package gsttest

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/go-gst/go-gst/gst"
)

// Step is an element and its properties as on gst-launch's command line.
type Step struct {
	Element string
	Props   map[string]string
}

// playLimit is in nanoseconds.
const playLimit = gst.ClockTime(120e9)

// Play runs a row of elements to its end: to make a film, or to take one apart.
func Play(steps ...Step) error {
	gst.Init(nil)
	pipe, err := gst.NewPipeline("")
	if err != nil {
		return err
	}
	defer drop(pipe.Object)
	all, err := row(pipe, steps)
	defer func() {
		_ = pipe.SetState(gst.StateNull)
		for _, el := range all {
			drop(el.Object)
		}
	}()
	if err != nil {
		return err
	}
	bus := pipe.GetPipelineBus()
	defer drop(bus.Object)
	if err := pipe.SetState(gst.StatePlaying); err != nil {
		return err
	}
	m := bus.TimedPopFiltered(playLimit, gst.MessageEOS|gst.MessageError)
	if m == nil {
		return errors.New("the pipeline did not end in time")
	}
	defer release(m)
	if m.Type() == gst.MessageError {
		return errors.New("the pipeline failed")
	}
	return nil
}

func row(pipe *gst.Pipeline, steps []Step) (all []*gst.Element, err error) {
	for i, s := range steps {
		el, err := gst.NewElement(s.Element)
		if err != nil {
			return all, err
		}
		all = append(all, el)
		for name, value := range s.Props {
			el.SetArg(name, value)
		}
		if err := pipe.Add(el); err != nil {
			return all, err
		}
		if i > 0 {
			if err := all[i-1].Link(el); err != nil {
				return all, err
			}
		}
	}
	return all, nil
}

// Film writes n pictures of a moving test pattern in H.264 into a Matroska file.
func Film(path, pattern string, n, width, height, fps, kbps int) error {
	caps := fmt.Sprintf("video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1", width, height, fps)
	return Play(
		Step{"videotestsrc", map[string]string{"pattern": pattern, "num-buffers": fmt.Sprint(n)}},
		Step{"capsfilter", map[string]string{"caps": caps}},
		Step{"x264enc", map[string]string{"tune": "zerolatency", "speed-preset": "ultrafast", "bitrate": fmt.Sprint(kbps)}},
		Step{"h264parse", nil}, Step{"matroskamux", nil},
		Step{"filesink", map[string]string{"location": path, "async": "false"}})
}

func drop(o *gst.Object) {
	g := o.GObject()
	runtime.SetFinalizer(g, nil)
	g.Unref()
}

func release(m *gst.Message) {
	runtime.SetFinalizer(m, nil)
	m.Unref()
}
