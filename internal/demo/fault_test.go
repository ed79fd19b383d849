package demo

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/app"
	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/pipeline"
)

func TestParseFaults(t *testing.T) {
	for text, want := range map[string]struct {
		camera int
		names  string
		err    string
	}{
		"":               {},
		"stall":          {3, "stall", ""},
		"reboot,stall@2": {1, "reboot stall", ""},
		"stall@5":        {err: "1–4"},
		"stall@x":        {err: "1–4"},
		"stahl":          {err: "stall, hang"},
		"stall,":         {err: `no fault ""`},
	} {
		f, err := ParseFaults(text, 4)
		if want.err != "" {
			if err == nil || !strings.Contains(err.Error(), want.err) {
				t.Errorf("%q: error %v, want one with %q", text, err, want.err)
			}
			continue
		}
		var names []string
		for _, one := range f.list {
			names = append(names, one.name)
		}
		if err != nil || f.camera != want.camera || strings.Join(names, " ") != want.names {
			t.Errorf("%q: %v of camera %d, %v", text, names, f.camera, err)
		}
	}
	if _, err := ParseFaults("stall", 1); err == nil {
		t.Error("faults befall the only camera there is")
	}
}

// troubled are two cameras, the second of which fails, and their feeds.
func troubled(t *testing.T) (*trouble, []app.FeedSnapshot) {
	cameras := []*camera{{id: "cam1"}, {id: "cam2"}}
	for _, c := range cameras {
		c.rtsp = rtspcam.New(rtspcam.Video(rtspcam.H264, nil), rtspcam.Options{})
		t.Cleanup(c.rtsp.Close)
	}
	f, err := ParseFaults("corrupt,ptsjump", 2)
	if err != nil {
		t.Fatal(err)
	}
	feeds := []app.FeedSnapshot{{ID: "cam1"}, {ID: "cam2"}}
	return newTrouble(f, cameras, func() map[frame.FeedID]uint64 {
		return map[frame.FeedID]uint64{"cam1": feeds[0].Decoded, "cam2": feeds[1].Decoded}
	}), feeds
}

func TestFaultsComeInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, _ := troubled(t)
		go tr.run(t.Context())
		for _, step := range []struct {
			after time.Duration
			says  string
		}{
			{5 * time.Second, "none yet"},
			{7 * time.Second, "cam2: corrupt for 8s"},
			{10 * time.Second, "none now, corrupt was 4s ago"},
			{20 * time.Second, "cam2: ptsjump"},
			{10 * time.Second, "none now, ptsjump was 9s ago"},
		} {
			time.Sleep(step.after)
			synctest.Wait()
			if got := tr.line(); !strings.Contains(got, step.says) {
				t.Errorf("it says %q, want %q", got, step.says)
			}
		}
	})
}

func TestFaultVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(tr *trouble, feeds []app.FeedSnapshot)
		ok    bool
	}{
		"all is well":                   {func(*trouble, []app.FeedSnapshot) {}, true},
		"it is not back":                {func(_ *trouble, f []app.FeedSnapshot) { f[1].Status.State = pipeline.BackingOff }, false},
		"it is back without a frame":    {func(_ *trouble, f []app.FeedSnapshot) { f[1].Status.LastFrame = time.Time{} }, false},
		"another reconnected":           {func(_ *trouble, f []app.FeedSnapshot) { f[0].Status.Restarts = 1 }, false},
		"another lost pictures":         {func(tr *trouble, _ []app.FeedSnapshot) { tr.cameras[0].sent.Add(underWay + 1) }, false},
		"another has pictures underway": {func(tr *trouble, _ []app.FeedSnapshot) { tr.cameras[0].sent.Add(underWay) }, true},
		"it lost pictures":              {func(tr *trouble, _ []app.FeedSnapshot) { tr.cameras[1].sent.Add(100) }, true},
		"not all befell":                {func(tr *trouble, _ []app.FeedSnapshot) { tr.befell = tr.befell[:1] }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, feeds := troubled(t)
				tr.cameras[0].sent.Store(20)
				tr.run(t.Context())
				feeds[0].Status.State = pipeline.Live
				feeds[1].Status = pipeline.Status{State: pipeline.Live, LastFrame: time.Now().Add(time.Second), Restarts: 3}
				c.spoil(tr, feeds)
				if v := tr.verdict(feeds); v.OK != c.ok || v.Camera != "cam2" {
					t.Errorf("%+v", v)
				}
			})
		})
	}
}

// With real pipelines: one camera's connections are reset, the other's are not.
func TestTheDemoWithAFault(t *testing.T) {
	f, err := ParseFaults("reset,resolution", 2)
	if err != nil {
		t.Fatal(err)
	}
	f.calm, f.recovery, f.list[1].lasts = 3*time.Second, 3*time.Second, 2*time.Second
	ctx, cancel := context.WithTimeout(t.Context(), f.Length()+time.Second)
	defer cancel()
	v, err := Run(ctx, Options{
		Cameras: 2, Processor: Motion, Faults: f, Listen: "127.0.0.1:0", Metrics: "127.0.0.1:0", Out: io.Discard, Log: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if v.Faults == nil || !v.Faults.OK || v.Faults.Restarts == 0 || !v.LedgerOK {
		t.Errorf("ledger exact: %v, faults %+v", v.LedgerOK, v.Faults)
	}
	if _, judged := v.Feeds["cam2"]; judged || len(v.Feeds) != 1 {
		t.Errorf("judged by what is found: %+v", v.Feeds)
	}
}

func TestHalved(t *testing.T) {
	var planes [3]frame.Plane
	for i := range planes {
		planes[i] = frame.Plane{Data: make([]byte, 16*8), Stride: 16}
		for k := range planes[i].Data {
			planes[i].Data[k] = byte(k)
		}
	}
	half := halved(planes, 8, 4)
	if got, want := half[0].Data, []byte{0, 2, 4, 6, 32, 34, 36, 38}; string(got) != string(want) || half[0].Stride != 4 {
		t.Errorf("luma %v", got)
	}
	if got := half[1].Data; string(got) != string([]byte{0, 2}) {
		t.Errorf("chroma %v", got)
	}
}
