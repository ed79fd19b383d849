package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/internal/metrics"
	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/processors"
)

// Feeds come, change and go while another one runs and does not notice.
func TestFeedsComeAndGo(t *testing.T) {
	camera := startClipCamera(t)
	a := startApp(t, `
version: 1
metrics: {listen: ""}
rtsp: {listen: "127.0.0.1:0"}
processors: {motion: {type: motion}}
defaults: {processors: [motion]}
feeds:
  stays: {source: {test: {pattern: ball, fps: 20}}}
`, Options{})
	ctx := context.Background()
	add := func(change func(text string) error, keys string) {
		t.Helper()
		if err := change("guest: {url: \"" + camera.URL() + "\"" + keys + "}"); err != nil {
			t.Fatal(err)
		}
		await(t, "the guest's results", func() bool {
			f := feedOf(a.Snapshot(), "guest")
			return f != nil && f.Processors[0].Ledger[0] > 5
		})
	}
	added := func(text string) error {
		c, err := a.config.ParseFeed(text)
		if err != nil {
			return err
		}
		return a.AddFeed(c)
	}
	add(added, "")
	if err := added("guest: {url: \"" + camera.URL() + "\"}"); err == nil || !strings.Contains(err.Error(), "guest") {
		t.Errorf("a second feed of that name: error %v", err)
	}
	add(func(text string) error {
		c, err := a.config.ParseFeed(text)
		if err != nil {
			return err
		}
		return a.UpdateFeed(ctx, c)
	}, ", max_held: 1")
	if err := a.RemoveFeed(ctx, "guest"); err != nil {
		t.Fatal(err)
	}
	if err := a.RemoveFeed(ctx, "guest"); err == nil {
		t.Error("a feed that is not there was removed")
	}
	if f := feedOf(a.Snapshot(), "guest"); f != nil {
		t.Errorf("the guest is still there: %+v", f)
	}
	stays := feedOf(a.Snapshot(), "stays")
	if stays.Status.State != pipeline.Live || stays.Status.Restarts != 0 {
		t.Errorf("the other feed noticed: %+v", stays.Status)
	}
	if n := camera.Counts().Sessions; n != 0 {
		t.Errorf("%d sessions are open at the camera of a feed that is gone", n)
	}
	stopApp(t, a)
	checkLedgers(t, a.Snapshot())
}

func feedOf(s Snapshot, id string) *FeedSnapshot {
	for i := range s.Feeds {
		if string(s.Feeds[i].ID) == id {
			return &s.Feeds[i]
		}
	}
	return nil
}

// The metrics are what an operator's alerts stand on: their names are a promise.
func TestMetricsPage(t *testing.T) {
	a := startApp(t, fmt.Sprintf(`
version: 1
metrics: {listen: ""}
rtsp: {listen: "127.0.0.1:0"}
processors: {motion: {type: motion}, second: {type: second}}
feeds:
  ball:
    source: {test: {pattern: ball, fps: 20}}
    processors: [motion, {name: second, crops: {of: motion}}]
    continuations: [{type: events, path: %q}, {type: stream}]
`, t.TempDir()+"/events.jsonl"), Options{Types: BuiltinTypes().With(Types{
		"second": OwnType(func() (processors.Processor, error) { return processors.Nop{}, nil }),
	})})
	await(t, "results", func() bool { return a.Snapshot().Feeds[0].Processors[0].Ledger[0] > 20 })
	w := httptest.NewRecorder()
	metrics.Handler(newCollector(a), secret.Secret{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	page := w.Body.String()
	for _, series := range []string{
		`nvpipe_feed_frames_decoded_total{feed="ball"} `,
		`nvpipe_feed_frames_total{feed="ball",outcome="delivered",processor="motion"} `,
		`nvpipe_feed_frames_total{feed="ball",outcome="skipped",processor="second"} `,
		`nvpipe_feed_crops_total{feed="ball",processor="second",result="left_out"} `,
		`nvpipe_feed_crops_total{feed="ball",processor="second",result="submitted"} `,
		`nvpipe_feed_state{feed="ball",state="live"} 1`,
		`nvpipe_batch_batches_total{processor="motion",reason="`,
		`nvpipe_batch_answer_seconds_bucket{processor="motion",le="`,
		`nvpipe_batch_up{processor="motion"} 1`,
		`nvpipe_output_up{feed="",kind="events",path="`,
		`nvpipe_feed_viewers{feed="ball"} 0`,
		`nvpipe_memory_growth_bytes_per_second 0`,
		`nvpipe_memory_growing 0`,
		`process_resident_memory_bytes `,
	} {
		if !strings.Contains(page, "\n"+series) {
			t.Errorf("no series %s", series)
		}
	}
}
