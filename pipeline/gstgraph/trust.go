package gstgraph

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/nvpipe/nvpipe/pipeline"

	"github.com/go-gst/go-gst/gst"
)

// trust makes the certificates of ca_file count in place of the system's.
func trust(rtspsrc *gst.Element, r pipeline.RTSP) error {
	if r.CAFile == "" {
		return nil
	}
	if err := useCertificates(rtspsrc, r.CAFile, r.AnyName); err != nil {
		return &pipeline.Error{Reason: pipeline.ReasonConfig,
			Err: fmt.Errorf("rtsp.ca_file %s cannot be used: %w", r.CAFile, err)}
	}
	return nil
}

func useCertificates(rtspsrc *gst.Element, file string, anyName bool) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	// GLib takes a file without any for one that trusts nobody, and says nothing.
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return errors.New("there is no PEM certificate in it")
	}
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	path := C.CString(file)
	defer C.free(unsafe.Pointer(path))
	if wrong := C.nv_source_trust(pointer(rtspsrc), path, C.int(boolInt(anyName))); wrong != nil {
		defer C.free(unsafe.Pointer(wrong))
		return errors.New(C.GoString(wrong))
	}
	return nil
}

// certificateFaults are GLib's flags, lowest bit first.
var certificateFaults = []string{
	"nobody trusted has signed it", "it is for another name", "it is not valid yet", "it has expired",
	"it was revoked", "its algorithm is not safe", "it cannot be checked",
}

// untrusted ends a connection whose camera is not known to be the one meant.
func (g *graph) untrusted(flags uint) {
	var wrong []string
	for i, text := range certificateFaults {
		if flags&(1<<i) != 0 {
			wrong = append(wrong, text)
		}
	}
	g.fail(&pipeline.Error{Reason: pipeline.ReasonUntrusted,
		Err: fmt.Errorf("the camera's certificate is not trusted: %s", strings.Join(wrong, ", "))})
}
