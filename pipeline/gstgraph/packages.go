package gstgraph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-gst/go-gst/gst"
)

// packages names the Debian and Ubuntu package of every element we may use.
var packages = map[string]string{
	"appsink": "gstreamer1.0-plugins-base", "appsrc": "gstreamer1.0-plugins-base",
	"videoconvert": "gstreamer1.0-plugins-base", "videotestsrc": "gstreamer1.0-plugins-base",
	"filesrc": "libgstreamer1.0-0", "fakesink": "libgstreamer1.0-0", "clocksync": "libgstreamer1.0-0",
	"capsfilter": "libgstreamer1.0-0",
	"rtspsrc":    "gstreamer1.0-plugins-good", "rtph264depay": "gstreamer1.0-plugins-good",
	"rtph265depay": "gstreamer1.0-plugins-good", "rtpjpegdepay": "gstreamer1.0-plugins-good",
	"rtpjitterbuffer": "gstreamer1.0-plugins-good", "udpsrc": "gstreamer1.0-plugins-good",
	"qtdemux": "gstreamer1.0-plugins-good", "matroskademux": "gstreamer1.0-plugins-good",
	"jpegdec": "gstreamer1.0-plugins-good", "jpegenc": "gstreamer1.0-plugins-good",
	"tsdemux": "gstreamer1.0-plugins-bad", "h264parse": "gstreamer1.0-plugins-bad",
	"h265parse": "gstreamer1.0-plugins-bad", "jpegparse": "gstreamer1.0-plugins-bad",
	"openh264dec": "gstreamer1.0-plugins-bad", "openh264enc": "gstreamer1.0-plugins-bad",
	"libde265dec": "gstreamer1.0-plugins-bad", "x265enc": "gstreamer1.0-plugins-bad",
	"vah264enc": "gstreamer1.0-plugins-bad", "vah264dec": "gstreamer1.0-plugins-bad",
	"vah265dec": "gstreamer1.0-plugins-bad", "nvh264enc": "gstreamer1.0-plugins-bad",
	"x264enc":     "gstreamer1.0-plugins-ugly",
	"avdec_h264":  "gstreamer1.0-libav",
	"avdec_h265":  "gstreamer1.0-libav",
	"avdec_mjpeg": "gstreamer1.0-libav",
}

// RequiredElements is what no source can do without.
func RequiredElements() []string {
	return []string{
		"appsink", "appsrc", "videoconvert", "capsfilter", "filesrc", "clocksync", "videotestsrc",
		"rtspsrc", "rtpjitterbuffer", "udpsrc", "rtph264depay", "rtph265depay", "rtpjpegdepay",
		"qtdemux", "matroskademux", "tsdemux", "h264parse", "h265parse", "jpegparse",
	}
}

// MissingElements finds which of the elements are not installed and gives for
// each the Debian package that has it ("" when we know none).
func MissingElements(elements []string) map[string]string {
	missing := map[string]string{}
	for _, name := range elements {
		if !installed(name) {
			missing[name] = packages[name]
		}
	}
	return missing
}

func installed(element string) bool {
	Init()
	f := gst.Find(element)
	if f == nil {
		return false
	}
	dropObject(f.Object)
	return true
}

// notInstalled says which package brings one of the elements.
func notInstalled(what string, elements []string) error {
	var from []string
	for _, e := range elements {
		if p := packages[e]; p != "" && !slices.Contains(from, p) {
			from = append(from, p)
		}
	}
	if len(from) == 0 {
		return fmt.Errorf("no %s: none of %s is installed", what, strings.Join(elements, ", "))
	}
	return fmt.Errorf("no %s: none of %s is installed; install the package %s",
		what, strings.Join(elements, ", "), strings.Join(from, " or "))
}
