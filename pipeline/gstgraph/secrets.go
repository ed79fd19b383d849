package gstgraph

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/nvpipe/nvpipe/pipeline"
)

// secrets are the texts that no message and no log of GStreamer may show, with
// how many graphs use each.
var secrets struct {
	mu    sync.Mutex
	count map[string]int
}

// spellings are the ways in which a camera's credentials may turn up.
func spellings(r pipeline.RTSP) []string {
	password := r.Password.Reveal()
	if password == "" {
		return nil
	}
	all := []string{
		password,
		url.QueryEscape(password),
		url.PathEscape(password),
		base64.StdEncoding.EncodeToString([]byte(r.User + ":" + password)),
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func hide(texts []string) { changeSecrets(texts, +1) }

func unhide(texts []string) { changeSecrets(texts, -1) }

func changeSecrets(texts []string, by int) {
	if len(texts) == 0 {
		return
	}
	secrets.mu.Lock()
	defer secrets.mu.Unlock()
	if secrets.count == nil {
		secrets.count = map[string]int{}
	}
	for _, t := range texts {
		if secrets.count[t] += by; secrets.count[t] <= 0 {
			delete(secrets.count, t)
		}
	}
	installSecrets(longestFirst())
}

// longestFirst: of two that overlap, the longer one leaves no rest behind.
func longestFirst() []string {
	var all []string
	for t := range secrets.count {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return all
}

func installSecrets(texts []string) {
	needles := make([]*C.char, len(texts))
	for i, t := range texts {
		needles[i] = C.CString(t)
		defer C.free(unsafe.Pointer(needles[i]))
	}
	C.nv_log_redact(unsafe.SliceData(needles), C.size_t(len(needles)))
}

// redact blacks out every known secret in a text.
func redact(text string) string {
	secrets.mu.Lock()
	defer secrets.mu.Unlock()
	for _, t := range longestFirst() {
		text = strings.ReplaceAll(text, t, "***")
	}
	return text
}
