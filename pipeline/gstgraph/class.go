package gstgraph

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/nvpipe/nvpipe/pipeline"
)

// problem is an error or a warning from the bus.
type problem struct {
	warning bool
	output  bool
	domain  domain
	code    int
	source  string // the element's factory
	text    string
	debug   string
}

// domain is GStreamer's error domain; what is not here says nothing of a reason.
type domain int

const (
	domainOther domain = iota
	domainCore
	domainLibrary
	domainResource
	domainStream
)

// GStreamer's codes that tell something.
const (
	resourceNotFound      = 3
	resourceOpenRead      = 5
	resourceOpenReadWrite = 7
	resourceSettings      = 13
	resourceNotAuthorized = 15

	streamTypeNotFound  = 4
	streamWrongType     = 5
	streamCodecNotFound = 6
	streamDemux         = 9
	streamFormat        = 11
)

// offer is what the camera's description said.
type offer struct {
	video bool // there is a video media
	// taken: a video that we can decode was chosen.
	taken bool
	// codec of the first video, when none was taken.
	codec string
	// playing: media data has arrived.
	playing bool
	// transport asked for, as configured.
	transport string
}

// classify decides by domain and code what an error means for the feed.
// Message texts are looked into only for the RTSP status, which is nowhere else.
func classify(p problem, o offer) *pipeline.Error {
	if unsaidSize(p) {
		return &pipeline.Error{Reason: pipeline.ReasonUnsupported, Err: errors.New(
			"the camera's JPEG pictures are larger than RTP can say (2040 pixels a side), and its description does not give their size")}
	}
	reason := pipeline.ReasonLost
	byStatus := statusReason(p)
	switch {
	case p.domain == domainResource && byStatus != pipeline.ReasonNone:
		reason = byStatus
	case p.domain == domainResource && p.code == resourceNotAuthorized:
		reason = pipeline.ReasonAuthFailed
	case p.domain == domainResource && p.code == resourceNotFound:
		reason = pipeline.ReasonNotFound
	case p.domain == domainResource && (p.code == resourceOpenRead || p.code == resourceOpenReadWrite):
		reason = pipeline.ReasonUnreachable
	case p.domain == domainResource && p.code == resourceSettings && p.source == "rtspsrc":
		return &pipeline.Error{Reason: pipeline.ReasonUnsupported,
			Err: errors.New("the camera's description of its streams cannot be used (" + joinDetail(p.text, p.debug) + ")")}
	case p.domain == domainResource && !o.playing:
		// The camera took the connection and did not answer, or broke it off.
		reason = pipeline.ReasonUnreachable
	case p.domain == domainStream && p.code == streamCodecNotFound && p.source == "rtspsrc":
		return noStream(o)
	case p.domain == domainStream && (p.code == streamTypeNotFound || p.code == streamWrongType || p.code == streamDemux):
		reason = pipeline.ReasonUnsupported
	}
	return &pipeline.Error{Reason: reason, Err: errors.New(explain(reason, p))}
}

// meanings say in our words what GStreamer's texts only hint at.
var meanings = map[pipeline.Reason]string{
	pipeline.ReasonAuthFailed:  "the camera refused user or password",
	pipeline.ReasonNotFound:    "the camera has no stream at this path",
	pipeline.ReasonBusy:        "the camera serves as many viewers as it can",
	pipeline.ReasonUnreachable: "no connection to the camera",
}

func explain(reason pipeline.Reason, p problem) string {
	text := joinDetail(p.text, p.debug)
	if m := meanings[reason]; m != "" && p.source == "rtspsrc" {
		return m + " (" + text + ")"
	}
	return text
}

// status finds the number of the camera's answer, as in "Not Found (404)" and
// "Error (453): Not Enough Bandwidth".
var status = regexp.MustCompile(`\(([45][0-9][0-9])\)`)

var statusReasons = map[string]pipeline.Reason{
	"401": pipeline.ReasonAuthFailed,
	"403": pipeline.ReasonAuthFailed,
	"404": pipeline.ReasonNotFound,
	"453": pipeline.ReasonBusy,
	"503": pipeline.ReasonBusy,
}

func statusReason(p problem) pipeline.Reason {
	// The line before it ends in a source line's number.
	_, detail, _ := strings.Cut(p.debug, "\n")
	if m := status.FindStringSubmatch(detail); m != nil {
		return statusReasons[m[1]]
	}
	return pipeline.ReasonNone
}

// noStream explains why rtspsrc set nothing up.
func noStream(o offer) *pipeline.Error {
	switch {
	case !o.video:
		return &pipeline.Error{Reason: pipeline.ReasonNoVideo, Err: errors.New("the camera offers no video")}
	case !o.taken:
		return unsupportedCodec(o.codec)
	}
	return &pipeline.Error{Reason: pipeline.ReasonUnsupported, Err: errors.New(wrongTransport(o.transport))}
}

// wrongTransport says what to do with a camera that refused the one asked for.
func wrongTransport(asked string) string {
	switch asked {
	case pipeline.TransportTCP:
		return "the camera offers its video over UDP only; set rtsp.transport to auto or udp"
	case pipeline.TransportUDP:
		return "the camera offers its video over TCP only; set rtsp.transport to auto or tcp"
	}
	return "the camera offers its video neither over UDP nor over TCP"
}

func unsupportedCodec(codec string) *pipeline.Error {
	return &pipeline.Error{Reason: pipeline.ReasonUnsupported,
		Err: fmt.Errorf("the video's codec %s is not supported; H.264, H.265 and JPEG are", codec)}
}

// fatalWarning: a live source says with a warning that the connection broke.
// Going over from UDP to TCP is a warning too, and no fault.
func fatalWarning(p problem) bool {
	return unsaidSize(p) || p.source == "rtspsrc" && p.domain == domainResource && !strings.Contains(p.debug, "UDP packets")
}

// unsaidSize: RTP's header for JPEG says 0×0 where a picture does not fit it.
func unsaidSize(p problem) bool {
	return p.source == "rtpjpegdepay" && p.domain == domainStream && p.code == streamFormat
}

// joinDetail adds the last line of GStreamer's debug text, where the cause is;
// the lines before it name source files and element paths.
func joinDetail(text, debug string) string {
	debug = strings.TrimSpace(debug)
	_, detail, found := strings.Cut(debug, "\n")
	if detail = strings.TrimSpace(detail); !found || detail == "" {
		return text
	}
	return strings.TrimSuffix(text, ".") + ": " + detail
}
