package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/footage"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
)

const (
	// quickLook is how long the test runs; long enough for two of the cars.
	quickLook = 20 * time.Second
	// wholeFilm, with NVPIPE_FOOTAGE=full, is a whole play-through of the
	// longest film.
	wholeFilm = 140 * time.Second
)

// filmFeed is one film as a camera, and what was found in it.
type filmFeed struct {
	id    frame.FeedID
	film  string
	start time.Time

	mu      sync.Mutex
	frames  int
	classes map[string]int // frames with at least one
	cars    footage.Watch
}

// playing is a clip that tells its feed when it begins.
type playing struct {
	*rtspcam.Clip
	feed *filmFeed
}

func (p playing) Run(ctx context.Context, send rtspcam.Send) error {
	p.feed.mu.Lock()
	p.feed.start = time.Now()
	p.feed.mu.Unlock()
	return p.Clip.Run(ctx, send)
}

func (f *filmFeed) add(fr *frame.Frame, found []frame.Detection) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.frames++
	seen := map[string]bool{}
	for _, d := range found {
		seen[d.Label] = true
	}
	for label := range seen {
		f.classes[label]++
	}
	// The list of times is of one pass through the film.
	if at := fr.Captured.Sub(f.start); f.film == footage.CarFilm && at < 30*time.Second {
		f.cars.Add(at, found)
	}
}

func (f *filmFeed) share(label string) float64 {
	return float64(f.classes[label]) / float64(max(f.frames, 1))
}

// Real footage over RTSP through the whole program: a detector that four feeds
// share, and motion on a fifth, whose camera has audio before video.
func TestRealFootage(t *testing.T) {
	model := sharedModel(t)
	feeds := []*filmFeed{
		{id: "bottle1", film: "bottle-detection.mp4"},
		{id: "bottle2", film: "bottle-detection.mp4"},
		{id: "cars", film: footage.CarFilm},
		{id: "person1", film: "one-by-one-person-detection.mp4"},
		{id: "person2", film: "one-by-one-person-detection.mp4"},
	}
	text := fmt.Sprintf(`
version: 1
metrics: {listen: ""}
rtsp: {listen: "127.0.0.1:0"}
processors:
  detector: {type: onnx, model: %q, batch: {max_batch_size: 4}}
  motion: {type: motion}
defaults:
  processors: [detector]
  # Two of the films have pictures that are shown up to 0.4 s after they are sent.
  source: {rtsp: {latency: 600ms}}
feeds:
`, model)
	byID := map[frame.FeedID]*filmFeed{}
	for _, f := range feeds {
		clip, err := rtspcam.ReadMP4(footage.Path(t, f.film))
		if err != nil {
			t.Fatal(err)
		}
		f.classes, byID[f.id] = map[string]int{}, f
		// From the first PLAY, so that nothing of the film is missed.
		camera := rtspcam.New(playing{clip, f}, rtspcam.Options{FromPlay: true})
		if err := camera.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(camera.Close)
		text += fmt.Sprintf("  %s: {url: %q}\n", f.id, camera.URL())
	}
	text = strings.Replace(text, "  cars: {", "  cars: {processors: [motion], ", 1)
	a := startApp(t, text, Options{OnResult: func(fr *frame.Frame, findings []frame.Finding) {
		byID[fr.Feed].add(fr, findings[0].Result.Output.Detections)
	}})

	length := quickLook
	if os.Getenv("NVPIPE_FOOTAGE") == "full" {
		length = wholeFilm
	}
	await(t, "every feed live", func() bool { return allLive(a.Snapshot()) })
	<-time.After(length)
	running := a.Snapshot()
	stopApp(t, a)
	checkLedgers(t, a.Snapshot())

	logFootage(t, running, feeds)
	judgeFootage(t, byID, length)
}

func judgeFootage(t *testing.T, feeds map[frame.FeedID]*filmFeed, length time.Duration) {
	for _, id := range []frame.FeedID{"bottle1", "bottle2"} {
		if share := feeds[id].share("bottle"); share < .95 {
			t.Errorf("%s: a bottle in %.3f of the inferred frames; 0.95 expected", id, share)
		}
	}
	if length == wholeFilm {
		for _, id := range []frame.FeedID{"person1", "person2"} {
			if share := feeds[id].share("person"); share < .70 || share > .85 {
				t.Errorf("%s: a person in %.3f of the inferred frames; 0.70–0.85 expected", id, share)
			}
		}
	}
	due := length - 2*time.Second // It takes a moment until a feed is live.
	for _, name := range feeds["cars"].cars.Missed() {
		i := slices.IndexFunc(footage.Cars, func(c footage.Car) bool { return c.Name == name })
		if footage.Cars[i].To < due {
			t.Errorf("cars: not found: %s", name)
		}
	}
}

func logFootage(t *testing.T, s Snapshot, feeds []*filmFeed) {
	for i, f := range s.Feeds {
		film := feeds[i]
		t.Logf("%-8s decoded %5d  %v", f.ID, f.Decoded, f.Processors[0].Ledger)
		t.Logf("         of %d inferred frames: %s", film.frames, shares(film))
	}
	for _, p := range s.Processors {
		mean, _ := p.Batch.Size.Mean()
		fill, _ := p.Batch.FillRatio()
		took, _ := p.Batch.Processing.Mean()
		p50, _ := p.Batch.Answer.Quantile(.5)
		p99, _ := p.Batch.Answer.Quantile(.99)
		t.Logf("%-8s %d batches of %.2f (fill %.2f), %.1f ms each; submit to answer p50 %.1f ms, p99 %.1f ms",
			p.Name, p.Batch.Dispatched(), mean, fill, 1000*took, 1000*p50, 1000*p99)
	}
	t.Logf("cars: in %.3f of the frames with cars as many boxes as cars; more than that in %.3f of all frames; missed %v",
		feeds[2].cars.Found(), feeds[2].cars.Stray(), feeds[2].cars.Missed())
}

func shares(f *filmFeed) string {
	var all []string
	for label, n := range f.classes {
		if share := f.share(label); share > .02 {
			all = append(all, fmt.Sprintf("%s in %d (%.3f)", label, n, share))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// sharedModel is the real model that tests may use; they skip without it.
func sharedModel(t *testing.T) string {
	t.Helper()
	film := footage.Path(t, footage.CarFilm)
	path := filepath.Join(filepath.Dir(film), "..", "models", "yolox_nano_dynamic.onnx")
	if _, err := os.Stat(path); err != nil {
		t.Skip("there is no model yolox_nano_dynamic.onnx in ../shared/models beside the repository")
	}
	if os.Getenv("NVPIPE_REQUIRE_ONNX") == "" && os.Getenv("NVPIPE_ONNXRUNTIME") == "" {
		t.Skip("no ONNX Runtime: scripts/test finds it and sets NVPIPE_ONNXRUNTIME")
	}
	return path
}
