package app

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/processors/oip"
	"github.com/nvpipe/nvpipe/processors/oip/oiptest"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

// A remote detector behind a real coordinator, whose server is restarted in the
// middle: what was under way and what comes meanwhile fails, each frame once and
// with a reason, and the next batch works when the server does. If it stays away
// the coordinator starts the processor anew until there is a server.
func TestARemoteServerRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network oiptest.Network
		server := oiptest.NewServer(oiptest.Finder{})
		server.Serve(network.Listen("gpu:8001"))
		defer server.Stop()
		cfg := oip.DefaultConfig()
		cfg.Endpoints, cfg.Model, cfg.Labels = []string{"grpc://gpu:8001"}, oiptest.Name, "none"
		h, err := batchsink.New(t.Context(), "remote", batchsink.DefaultConfig(), func() (batchsink.Processor, error) {
			return oip.New(cfg, oip.Options{MaxBatch: 4, HangTimeout: 5 * time.Second, Overlap: true, Dial: network.Dial})
		}, batchsink.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var ports []*batchsink.Port
		for _, id := range []frame.FeedID{"a", "b", "c"} {
			p, err := h.Attach(id, batchsink.FeedOptions{})
			if err != nil {
				t.Fatal(err)
			}
			ports = append(ports, p)
		}
		try := func() (tickets []*batchsink.Ticket, err error) {
			for _, p := range ports {
				f := processortest.Frame(64, 64, frame.NV12, processortest.Gray(200))
				ticket, err := p.Submit(f, frame.ViewState{})
				f.Release()
				if err != nil {
					return tickets, err
				}
				tickets = append(tickets, ticket)
			}
			return tickets, nil
		}
		submit := func() []*batchsink.Ticket {
			t.Helper()
			tickets, err := try()
			if err != nil {
				t.Fatal(err)
			}
			return tickets
		}
		outcome := func(when string, tickets []*batchsink.Ticket, want frame.Outcome) {
			t.Helper()
			for _, ticket := range tickets {
				r, err := ticket.Wait(t.Context())
				if err != nil || r.Outcome != want {
					t.Fatalf("%s: %v, %v, %v; want %v", when, r.Outcome, r.Err, err, want)
				}
				if want == frame.Delivered && len(r.Output.Detections) != 1 {
					t.Errorf("%s: %+v", when, r.Output)
				}
				if want == frame.Failed && !strings.Contains(r.Err.Error(), "grpc://gpu:8001") {
					t.Errorf("%s: %v", when, r.Err)
				}
			}
		}
		outcome("at first", submit(), frame.Delivered)

		server.Behave(oiptest.Behaviour{Delay: 500 * time.Millisecond})
		underWay := submit()
		time.Sleep(200 * time.Millisecond)
		server.Stop()
		outcome("under way", underWay, frame.Failed)
		for range 5 {
			outcome("meanwhile", submit(), frame.Failed)
		}
		back := func() {
			server.Behave(oiptest.Behaviour{})
			server.Serve(network.Listen("gpu:8001"))
			time.Sleep(time.Minute)
		}
		back()
		outcome("back", submit(), frame.Delivered)
		if s := h.Stats(); s.Losses != 0 || s.Total.Outcomes[frame.Delivered] != 6 || s.Total.Outcomes[frame.Failed] != 18 {
			t.Errorf("%d losses, %v", s.Losses, s.Total.Outcomes)
		}

		server.Stop()
		for {
			tickets, err := try()
			for _, ticket := range tickets { // stopped: queued while the processor was put down
				if r, err := ticket.Wait(t.Context()); err != nil || r.Outcome != frame.Failed && r.Outcome != frame.Stopped {
					t.Fatalf("away: %v, %v", r.Outcome, err)
				}
			}
			if err != nil {
				if !errors.Is(err, batchsink.ErrUnavailable) {
					t.Fatal(err)
				}
				break
			}
		}
		time.Sleep(time.Hour)
		back()
		outcome("back after long", submit(), frame.Delivered)
		if f := figuresOf(h.Processors()); len(f) == 0 || f[0].Name != "oip_endpoint_up" || f[0].Value != 1 {
			t.Errorf("figures %+v", f)
		}
		if err := h.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// The type is made as the config says, within the batch's own limits.
func TestTheTypeOIP(t *testing.T) {
	of := BuiltinTypes()["oip"]
	s := of.New().(*oip.Config)
	s.Endpoints, s.Model, s.Token = []string{"grpcs://gpu:8001"}, "yolox", secret.New("s3cret")
	if _, err := of.Make(s, batchsink.DefaultConfig(), Tell{}); err != nil {
		t.Error(err)
	}
	batch := batchsink.DefaultConfig()
	batch.HangTimeout = s.Deadline
	if _, err := of.Make(s, batch, Tell{}); err == nil || !strings.Contains(err.Error(), "hang_timeout") {
		t.Errorf("a deadline as long as the hang timeout: %v", err)
	}
	for _, f := range of.Files(s) {
		*f.Path = filepath.Join("x", f.Key)
	}
	if s.TLS.CA != "x/tls.ca" || s.TLS.Cert != "x/tls.cert" || s.TLS.Key != "x/tls.key" || s.Labels != "auto" {
		t.Errorf("files %+v, labels %s", s.TLS, s.Labels)
	}
	if _, err := of.Make(s, batchsink.DefaultConfig(), Tell{}); err == nil || !strings.Contains(err.Error(), "tls.ca") {
		t.Errorf("a file that is not there: %v", err)
	}
}
