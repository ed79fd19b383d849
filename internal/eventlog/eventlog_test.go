package eventlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rotate"
	"github.com/nvpipe/nvpipe/internal/rotate/rotatetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(path string) Config {
	c := DefaultConfig()
	c.Path = path
	c.Queue = maxLine
	c.Rotation.MinFreePercent = 0
	c.Rotation.MinFree = 0
	return c
}

// events collects what the registry reports.
type events struct {
	mu  sync.Mutex
	all []Event
}

func (e *events) add(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *events) states() (states []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.all {
		if ev.Kind == StateChanged {
			states = append(states, ev.State)
		}
	}
	return states
}

func (e *events) count(k Kind) (n uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.all {
		if ev.Kind == k {
			n += ev.Count
		}
	}
	return n
}

func person(seq uint64) (*frame.Frame, []frame.Finding) {
	f := &frame.Frame{Feed: "door", Seq: seq, Arrived: time.Unix(0, 0)}
	return f, []frame.Finding{{Processor: "people", Result: &frame.Result{
		Output: frame.Output{Detections: []frame.Detection{{Label: "person", Confidence: .5}}},
	}}}
}

func deliver(w *Writer, from, to uint64) {
	for seq := from; seq <= to; seq++ {
		w.Deliver(person(seq))
	}
}

func open(t *testing.T, r *Registry, cfg Config) *Writer {
	t.Helper()
	w, err := r.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func closed(t *testing.T, w *Writer) {
	t.Helper()
	if err := w.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// sequence reads the seq of every line of the files, in order, and fails on a
// line that is not whole.
func sequence(t *testing.T, files ...string) (seqs []uint64) {
	t.Helper()
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, parse(t, content)...)
	}
	return seqs
}

func parse(t *testing.T, content []byte) (seqs []uint64) {
	t.Helper()
	if len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")) {
		t.Errorf("ends with half a line: %q", content[max(0, len(content)-80):])
	}
	for line := range bytes.Lines(content) {
		var e struct{ Seq uint64 }
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func requireRun(t *testing.T, seqs []uint64, from, to uint64) {
	t.Helper()
	if len(seqs) != int(to-from+1) {
		t.Fatalf("%d lines, want %d–%d", len(seqs), from, to)
	}
	for i, s := range seqs {
		if s != from+uint64(i) {
			t.Fatalf("line %d has seq %d, want %d", i, s, from+uint64(i))
		}
	}
}

func TestFeedsShareAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		r := NewRegistry(Options{})
		a := open(t, r, config(path))
		other := config(filepath.Dir(path) + "/./" + filepath.Base(path))
		other.Empty = true
		b := open(t, r, other)
		deliver(a, 1, 10)
		closed(t, a)
		deliver(b, 11, 20)
		f, nothing := person(21)
		nothing[0].Result.Output = frame.Output{}
		b.Deliver(f, nothing)
		deliver(a, 30, 31) // closed: dropped
		closed(t, b)
		requireRun(t, sequence(t, path), 1, 21)
		if s := a.Status(); s.Accepted != 10 || s.Dropped != 2 || s.Written != 21 {
			t.Errorf("status %+v", s)
		}
		if len(r.logs) != 0 {
			t.Error("the closed log is still held")
		}
		c := open(t, r, config(path))
		deliver(c, 22, 22)
		closed(t, c)
		closed(t, c)
		requireRun(t, sequence(t, path), 1, 22)
	})
}

func TestSamePathWithOtherSettingsIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	r := NewRegistry(Options{})
	w := open(t, r, config(path))
	defer closed(t, w)
	other := config(path)
	other.Rotation.Keep++
	if _, err := r.Open(other); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one that names %s", err, path)
	}
}

func TestOnlyOwnFindingsOfTheFrame(t *testing.T) {
	var out bytes.Buffer
	r := NewRegistry(Options{Stdout: &out})
	w := open(t, r, config(Stdout))
	f, findings := person(1)
	_, old := person(2)
	old[0].Age = time.Second
	_, nothing := person(3)
	nothing[0].Result.Output = frame.Output{}
	w.Deliver(f, []frame.Finding{old[0], nothing[0], findings[0]})
	w.Deliver(f, nil)
	closed(t, w)
	if n := len(parse(t, out.Bytes())); n != 1 {
		t.Errorf("%d lines, want the one finding of the frame's own: %s", n, out.Bytes())
	}
}

func TestRotationLosesNoLine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "events.jsonl")
	cfg := config(path)
	cfg.Queue = 8 << 20
	cfg.Rotation.MaxFileSize, cfg.Rotation.MaxTotal = 1<<20, 100<<20
	r := NewRegistry(Options{})
	w := open(t, r, cfg)
	deliver(w, 1, 15_000)
	closed(t, w)
	files, _ := filepath.Glob(filepath.Join(dir, "events-*.jsonl")) // sorted, so in order
	files = append(files, path)
	if len(files) < 3 {
		t.Fatalf("files %v, want several", files)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.Size() > 1<<20 {
			t.Errorf("%s has %d bytes, %v", name, info.Size(), err)
		}
	}
	requireRun(t, sequence(t, files...), 1, 15_000)
	if s := w.Status(); s.Files != len(files) || s.Written != 15_000 {
		t.Errorf("status %+v, %d files", s, len(files))
	}
}

func TestUnwritablePathIsReportedAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent := filepath.Join(t.TempDir(), "volume")
		path := filepath.Join(parent, "nvpipe", "events.jsonl")
		var ev events
		r := NewRegistry(Options{OnEvent: ev.add})
		w := open(t, r, config(path))
		deliver(w, 1, 5)
		synctest.Wait()
		state := w.Status()
		if state.State != "not_found" || state.Waiting != 5 {
			t.Fatalf("status %+v", state)
		}
		for _, want := range []string{filepath.Dir(path), "no such file", rotate.NotFound.Advice()} {
			if !strings.Contains(state.Err.Error(), want) {
				t.Errorf("error %q does not say %q", state.Err, want)
			}
		}
		os.Mkdir(parent, 0o700)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if w.Status().Written != 0 {
			t.Error("tried again too early")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if s := w.Status(); s.State != rotate.Fine || s.Written != 5 {
			t.Errorf("status %+v after the volume came", s)
		}
		if got := ev.states(); fmt.Sprint(got) != "[not_found ok]" {
			t.Errorf("states %v", got)
		}
		closed(t, w)
		requireRun(t, sequence(t, path), 1, 5)
	})
}

func TestFullDiskKeepsLinesWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		fsys, ev := rotatetest.New(), events{}
		r := NewRegistry(Options{FS: fsys, OnEvent: ev.add})
		w := open(t, r, config(path))
		deliver(w, 1, 10)
		synctest.Wait()
		fsys.Room(333) // the next write stops within a line
		deliver(w, 11, 20)
		synctest.Wait()
		if s := w.Status(); s.State != "disk_full" || s.Written != 10 || s.Waiting != 10 {
			t.Fatalf("status %+v", s)
		}
		requireRun(t, sequence(t, path), 1, 10)

		deliver(w, 21, 10_000) // more than the queue holds
		accepted := w.Status().Accepted
		if accepted+w.Status().Dropped != 10_000 || w.Status().Dropped == 0 {
			t.Fatalf("status %+v", w.Status())
		}
		fsys.Room(1 << 30)
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := w.Status(); s.State != rotate.Fine || s.Written != accepted {
			t.Errorf("status %+v, want %d written", s, accepted)
		}
		closed(t, w)
		requireRun(t, sequence(t, path), 1, accepted)
		if got := fmt.Sprint(ev.states()); got != "[disk_full ok]" {
			t.Errorf("states %s", got)
		}
		if ev.count(Dropped) != w.Status().Dropped {
			t.Errorf("%d drops reported, %d counted", ev.count(Dropped), w.Status().Dropped)
		}
	})
}

func TestHangingDiskHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		fsys, ev := rotatetest.New(), events{}
		r := NewRegistry(Options{FS: fsys, OnEvent: ev.add})
		w := open(t, r, config(path))
		synctest.Wait()
		release := fsys.Hang()
		deliver(w, 1, 10_000)
		accepted := w.Status().Accepted
		if accepted == 0 || accepted == 10_000 {
			t.Fatalf("%d accepted, want as many as the queue holds", accepted)
		}
		time.Sleep(rotate.StallAfter)
		if s := w.Status(); s.State != rotate.Stalled {
			t.Errorf("state %s while the disk hangs", s.State)
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err := w.Close(ctx)
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("closing took %v", took)
		}
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint(accepted)) || ev.count(Lost) != accepted {
			t.Errorf("error %v, %d reported lost, want %d", err, ev.count(Lost), accepted)
		}

		// The feed comes back while the disk still hangs: its log waits for the
		// old one, so that never two write to one file.
		again := open(t, r, config(path))
		deliver(again, 20_001, 20_010)
		synctest.Wait()
		if again.Status().Written != 0 {
			t.Error("two logs write to one file")
		}
		release()
		synctest.Wait()
		closed(t, again)
		seqs := sequence(t, path)
		requireRun(t, seqs[len(seqs)-10:], 20_001, 20_010)
	})
}

func TestCloseWhileTheDiskIsFullCountsTheLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := rotatetest.New()
		r := NewRegistry(Options{FS: fsys})
		w := open(t, r, config(filepath.Join(t.TempDir(), "events.jsonl")))
		fsys.Fault("write", syscall.EROFS)
		deliver(w, 1, 7)
		synctest.Wait()
		if err := w.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "7 lines") {
			t.Errorf("error %v, want 7 lines", err)
		}
		if s := w.Status(); s.Lost != 7 || s.State != "read_only" {
			t.Errorf("status %+v", s)
		}
	})
}

func TestMovedFileIsStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		r := NewRegistry(Options{})
		w := open(t, r, config(path))
		deliver(w, 1, 3)
		synctest.Wait()
		os.Rename(path, path+".1")
		deliver(w, 4, 5)
		closed(t, w)
		requireRun(t, sequence(t, path+".1"), 1, 3)
		requireRun(t, sequence(t, path), 4, 5)
	})
}

// stutter takes a part of the first write only, with an error.
type stutter struct {
	bytes.Buffer
	broken bool
}

func (s *stutter) Write(p []byte) (int, error) {
	if s.broken {
		return s.Buffer.Write(p)
	}
	s.broken = true
	n, _ := s.Buffer.Write(p[:len(p)/3])
	return n, errors.New("broken")
}

func TestStandardOutputGoesOnInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &stutter{}
		r := NewRegistry(Options{Stdout: out})
		w := open(t, r, config(Stdout))
		deliver(w, 1, 10)
		synctest.Wait()
		if s := w.Status(); s.State != "io_error" || !strings.Contains(s.Err.Error(), "standard output") {
			t.Errorf("status %+v", s)
		}
		time.Sleep(time.Minute)
		closed(t, w)
		requireRun(t, parse(t, out.Bytes()), 1, 10)
	})
}

func TestRealFullVolume(t *testing.T) {
	v := rotatetest.Mount(t, 1<<20)
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(v.Dir, "events.jsonl")
		filler := filepath.Join(v.Dir, "filler")
		r := NewRegistry(Options{})
		w := open(t, r, config(path))
		deliver(w, 1, 100)
		synctest.Wait()
		os.WriteFile(filler, make([]byte, 1<<20), 0o600)
		deliver(w, 101, 200)
		synctest.Wait()
		if s := w.Status(); s.State != "disk_full" {
			t.Fatalf("status %+v", s)
		}
		os.Remove(filler)
		time.Sleep(time.Minute)
		closed(t, w)
		requireRun(t, sequence(t, path), 1, 200)
	})
}

func TestConfig(t *testing.T) {
	good := DefaultConfig()
	good.Path = "events.jsonl"
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	bad := Config{Path: "folder/", Queue: 1, Retry: 1}
	err := bad.Validate()
	for _, key := range []string{"path", "queue", "retry", "rotation.keep"} {
		if err == nil || !strings.Contains(err.Error(), key+": ") {
			t.Errorf("%v does not name %s", err, key)
		}
	}
	if _, err := NewRegistry(Options{}).Open(DefaultConfig()); err == nil {
		t.Error("a log without a path was opened")
	}
}
