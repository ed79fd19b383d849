package gstgraph

import (
	"testing"

	"github.com/nvpipe/nvpipe/pipeline"
)

func TestClassify(t *testing.T) {
	camera := offer{video: true, taken: true, playing: true, transport: "tcp"}
	silent := offer{}
	for name, c := range map[string]struct {
		problem problem
		offer   offer
		want    pipeline.Reason
	}{
		"401 by its code":          {problem{domain: domainResource, code: resourceNotAuthorized}, silent, pipeline.ReasonAuthFailed},
		"404 by its code":          {problem{domain: domainResource, code: resourceNotFound}, silent, pipeline.ReasonNotFound},
		"refused, DNS, no route":   {problem{domain: domainResource, code: resourceOpenReadWrite}, silent, pipeline.ReasonUnreachable},
		"453 in the text":          {problem{domain: domainResource, code: 10, debug: "x:\nError (453): Not Enough Bandwidth"}, silent, pipeline.ReasonBusy},
		"503 in the text":          {problem{domain: domainResource, code: 9, debug: "x:\nService Unavailable (503)"}, silent, pipeline.ReasonBusy},
		"403 in the text":          {problem{domain: domainResource, code: 9, debug: "x:\nForbidden (403)"}, silent, pipeline.ReasonAuthFailed},
		"a number that is a line":  {problem{domain: domainResource, code: 9, debug: "gstrtspsrc.c(453): f ():\nbroken"}, camera, pipeline.ReasonLost},
		"an SDP of nothing":        {problem{domain: domainResource, code: resourceSettings, source: "rtspsrc"}, silent, pipeline.ReasonUnsupported},
		"no answer":                {problem{domain: domainResource, code: 9}, silent, pipeline.ReasonUnreachable},
		"broken off in mid-stream": {problem{domain: domainResource, code: 9}, camera, pipeline.ReasonLost},
		"no transport":             {problem{domain: domainStream, code: streamCodecNotFound, source: "rtspsrc"}, offer{video: true, taken: true}, pipeline.ReasonUnsupported},
		"no video":                 {problem{domain: domainStream, code: streamCodecNotFound, source: "rtspsrc"}, silent, pipeline.ReasonNoVideo},
		"unknown codec":            {problem{domain: domainStream, code: streamCodecNotFound, source: "rtspsrc"}, offer{video: true, codec: "VP8"}, pipeline.ReasonUnsupported},
		"broken film":              {problem{domain: domainStream, code: streamDemux, source: "qtdemux"}, silent, pipeline.ReasonUnsupported},
		"anything else":            {problem{domain: domainCore, code: 1}, camera, pipeline.ReasonLost},
	} {
		if got := classify(c.problem, c.offer); got.Reason != c.want {
			t.Errorf("%s: %q, want %q", name, got.Reason, c.want)
		}
	}
}

func TestGoingOverToTCPIsNoFault(t *testing.T) {
	p := problem{warning: true, source: "rtspsrc", domain: domainResource, code: 9,
		debug: "x:\nCould not receive any UDP packets for 5.0000 seconds, maybe your firewall is blocking it. Retrying using a tcp connection."}
	if fatalWarning(p) {
		t.Error("a warning that rtspsrc goes on with TCP is taken for a lost camera")
	}
	p.debug = "x:\nThe server closed the connection."
	if !fatalWarning(p) {
		t.Error("a closed connection is not noticed")
	}
}
