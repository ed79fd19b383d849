package gstgraph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-gst/go-gst/gst"
)

// packages names the Debian and Ubuntu package of every element we may use.
var packages = packageOf(map[string]string{
	"libgstreamer1.0-0":         "capsfilter clocksync fakesink filesrc",
	"gstreamer1.0-plugins-base": "appsink appsrc videoconvert videotestsrc",
	"gstreamer1.0-plugins-good": "rtspsrc rtpjitterbuffer udpsrc rtph264depay rtph265depay rtpjpegdepay " +
		"qtdemux matroskademux jpegdec jpegenc v4l2h264dec v4l2h265dec v4l2jpegdec v4l2h264enc",
	"gstreamer1.0-plugins-bad": "tsdemux h264parse h265parse jpegparse openh264dec openh264enc libde265dec x265enc " +
		"vah264dec vah265dec vajpegdec vapostproc vah264enc nvh264dec nvh265dec nvjpegdec cudadownload nvh264enc " +
		"v4l2slh264dec v4l2slh265dec",
	"gstreamer1.0-plugins-ugly": "x264enc",
	"gstreamer1.0-libav":        "avdec_h264 avdec_h265 avdec_mjpeg",
	"gstreamer1.0-vaapi":        "vaapih264enc",
})

func packageOf(elements map[string]string) map[string]string {
	of := map[string]string{}
	for pkg, names := range elements {
		for name := range strings.FieldsSeq(names) {
			of[name] = pkg
		}
	}
	return of
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
