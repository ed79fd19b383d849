package gstgraph

import (
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/go-gst/go-gst/gst"
)

// dropObject gives back a binding's reference now. Its own Unref leaves the
// finalizer in place, which would be a second one.
func dropObject(o *gst.Object) {
	g := o.GObject()
	runtime.SetFinalizer(g, nil)
	g.Unref()
}

// elements are the wrappers a graph has made. They stay referenced until the
// graph has stopped: a wrapper out of reach is disposed in mid-stream.
type elements struct {
	mu  sync.Mutex
	all []*gst.Element
}

// props are properties by name. Values are written as on gst-launch's command line.
type props map[string]any

// make creates an element into bin. Properties that this GStreamer version
// lacks are left out.
func (e *elements) make(bin *gst.Bin, factory string, p props) (*gst.Element, error) {
	if !installed(factory) {
		return nil, notInstalled("element "+factory, []string{factory})
	}
	el, err := gst.NewElement(factory)
	if err != nil {
		return nil, err
	}
	e.keep(el)
	for name, value := range p {
		set(el, name, value)
	}
	return el, bin.Add(el)
}

func (e *elements) keep(el *gst.Element) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, el)
}

// chain makes elements into bin and links them one after the other.
func (e *elements) chain(bin *gst.Bin, steps ...step) ([]*gst.Element, error) {
	var made []*gst.Element
	for _, s := range steps {
		el, err := e.make(bin, s.factory, s.props)
		if err != nil {
			return made, err
		}
		made = append(made, el)
	}
	return made, link(made...)
}

type step struct {
	factory string
	props   props
}

func link(els ...*gst.Element) error {
	for i := 1; i < len(els); i++ {
		if err := els[i-1].Link(els[i]); err != nil {
			return err
		}
	}
	return nil
}

// drop gives back every wrapper.
func (e *elements) drop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, el := range e.all {
		dropObject(el.Object)
	}
	e.all = nil
}

// set writes one property. Strings go in as they are, also those that look
// like GStreamer's own notation (passwords do).
func set(el *gst.Element, name string, value any) {
	if !hasProperty(el, name) {
		return
	}
	switch v := value.(type) {
	case verbatim:
		// The property exists and is a string: there is no other error.
		_ = el.SetProperty(name, string(v))
	case time.Duration:
		el.SetArg(name, fmt.Sprint(v.Nanoseconds()))
	default:
		el.SetArg(name, fmt.Sprint(v))
	}
}

// verbatim is a string property's value that must not be parsed.
type verbatim string

func pointer(el *gst.Element) unsafe.Pointer { return el.Unsafe() }

func dropCaps(c *gst.Caps) {
	runtime.SetFinalizer(c, nil)
	c.Unref()
}
