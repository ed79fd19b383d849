package gstgraph

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/pipeline"

	"github.com/go-gst/go-gst/gst"
)

const (
	canaryUser     = "operator"
	canaryPassword = `"c@nary/pa:ss%w#rd`
)

// Neither GStreamer's most talkative log nor a graph dump shows a password in
// any spelling, whether the camera takes it or not.
func TestNoLogShowsAPassword(t *testing.T) {
	t.Parallel()
	dots := t.TempDir()
	out := child(t, "secrets", "GST_DEBUG=6", "GST_DEBUG_DUMP_DOT_DIR="+dots)
	if !strings.Contains(out, "rtspsrc") || !strings.Contains(out, "control: *** end") {
		t.Fatalf("the log does not speak of the camera:\n%s", tail(out))
	}
	for _, bad := range []string{
		canaryPassword, "c@nary", url.QueryEscape(canaryPassword), url.PathEscape(canaryPassword),
		base64.StdEncoding.EncodeToString([]byte(canaryUser + ":" + canaryPassword)),
	} {
		if at := strings.Index(out, bad); at >= 0 {
			t.Errorf("%q is shown: %s", bad, out[max(0, at-200):min(len(out), at+100)])
		}
	}
	if n := entries(dots); n > 0 {
		t.Errorf("%d graphs were dumped", n)
	}
}

func playWithSecrets() error {
	for _, digest := range []bool{false, true} {
		for _, password := range []string{canaryPassword, "other " + canaryPassword} {
			if err := playOneWithSecrets(digest, password); err != nil {
				return err
			}
		}
	}
	return nil
}

func playOneWithSecrets(digest bool, password string) error {
	cam := rtspcam.New(testclip.H264(), rtspcam.Options{User: canaryUser, Password: canaryPassword, DigestOnly: digest})
	if err := cam.Start(); err != nil {
		return err
	}
	defer cam.Close()
	s := rtsp(cam.URL())
	s.RTSP.User, s.RTSP.Password = canaryUser, secret.New(password)
	r := newRecorder()
	g, err := Build(s, pipeline.GraphSettings{}, r)
	if err != nil {
		return err
	}
	defer g.Close(context.Background())
	// What GStreamer does not log today, another version may.
	for _, text := range append(spellings(s.RTSP), `Authorization: Digest response="c@nary"`) {
		gst.CAT.Log(gst.LevelError, "control: "+text+" end")
	}
	frames := make(chan struct{}, 1000)
	r.onFrame = func(f *frame.Frame) { f.Release(); frames <- struct{}{} }
	if err := g.Start(); err != nil {
		return err
	}
	limit := time.After(30 * time.Second)
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if e, failed := r.find(pipeline.EventError); failed {
			fmt.Println(e.Err, e.Text)
			if password == canaryPassword || e.Reason != pipeline.ReasonAuthFailed {
				return fmt.Errorf("reason %s with digest %v: %w", e.Reason, digest, e.Err)
			}
			return nil
		}
		select {
		case <-changed:
		case <-frames:
			return nil
		case <-limit:
			return errors.New("neither frames nor an error")
		}
	}
}

func TestRedact(t *testing.T) {
	r := pipeline.RTSP{User: canaryUser, Password: secret.New(canaryPassword)}
	all := spellings(r)
	text := strings.Join(all, " and ")
	hide(all)
	hide(all)
	unhide(all)
	if got := redact(text); strings.Contains(got, "nary") || strings.Contains(got, base64.StdEncoding.EncodeToString([]byte(canaryUser))[:8]) {
		t.Errorf("shown: %s", got)
	}
	unhide(all)
	if got := redact(text); got != text {
		t.Errorf("nothing is secret any more, but %q was changed to %q", text, got)
	}
}

func leak() bool { return os.Getenv("NVPIPE_LEAK") != "" }
