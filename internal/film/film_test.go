package film

import (
	"bytes"
	"context"
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

const interval = 40 * time.Millisecond

func config(dir string) Config {
	c := DefaultConfig()
	c.Dir = dir
	c.Rotation.MinFree, c.Rotation.MinFreePercent = 0, 0
	return c
}

// clip gives a testdata clip as packets, the first at the given PTS.
func clip(t testing.TB, name string, from time.Duration) (packets []frame.Packet) {
	t.Helper()
	stream, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	delimiter := []byte{0, 0, 0, 1, 9}
	for i, au := range bytes.Split(stream, delimiter)[1:] {
		pts := from + time.Duration(i)*interval
		packets = append(packets, frame.Packet{
			PTS:      pts,
			Captured: time.Date(2026, 11, 23, 15, 22, 33, 0, time.UTC).Add(pts),
			Keyframe: i%25 == 0,
			Data:     append(bytes.Clone(delimiter), au...),
		})
	}
	return packets
}

// play writes packets at the pace of their own clock.
func play(w *Writer, packets []frame.Packet) {
	for i, p := range packets {
		if i > 0 {
			time.Sleep(max(0, p.PTS-packets[i-1].PTS))
		}
		w.Write(p)
	}
	synctest.Wait()
}

type events struct {
	mu  sync.Mutex
	all []Event
}

func (e *events) add(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

// of lists the events of a kind.
func (e *events) of(k Kind) (list []Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.all {
		if ev.Kind == k {
			list = append(list, ev)
		}
	}
	return list
}

func start(t *testing.T, cfg Config, fsys rotate.FS) (*Writer, *events) {
	t.Helper()
	ev := &events{}
	w, err := New("door", cfg, Options{FS: fsys, OnEvent: ev.add})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return w, ev
}

func finish(t *testing.T, w *Writer) {
	t.Helper()
	if err := w.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// requireLedger checks that each of n packets was counted once.
func requireLedger(t *testing.T, w *Writer, n int) {
	t.Helper()
	s := w.Status()
	sum := s.Written + s.Waiting + s.Lost
	for _, d := range s.Dropped {
		sum += d
	}
	if sum != uint64(n) {
		t.Errorf("%d packets counted of %d: %+v", sum, n, s)
	}
}

func requireFiles(t *testing.T, dir string, packets ...int) []movie {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "door-*.mp4"))
	var movies []movie
	var got []int
	for _, name := range names {
		m := readMovie(t, name)
		movies = append(movies, m)
		got = append(got, len(m.samples))
	}
	if fmt.Sprint(got) != fmt.Sprint(packets) {
		t.Fatalf("files of %v packets, want %v", got, packets)
	}
	return movies
}

func TestFilm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "films")
		w, ev := start(t, config(dir), nil)
		if !w.Wanted() {
			t.Fatal("not wanted with a healthy disk")
		}
		packets := clip(t, "small.h264", time.Hour)
		play(w, packets)
		finish(t, w)
		if w.Wanted() {
			t.Error("wanted after closing")
		}
		w.Write(packets[0])
		requireLedger(t, w, 101)
		m := requireFiles(t, dir, 100)[0]
		if m.width != 96 || m.height != 64 {
			t.Errorf("%d×%d, want 96×64", m.width, m.height)
		}
		for i, s := range m.samples {
			if s.at != uint64(i)*3600 || s.duration != 3600 || s.key != (i%25 == 0) {
				t.Fatalf("sample %d: %+v", i, s)
			}
		}
		if m.parts != 4 {
			t.Errorf("%d parts, want 4 of a second each", m.parts)
		}
		closed := ev.of(Closed)
		if len(closed) != 1 || closed[0].Count != 100 || closed[0].Length != 4*time.Second ||
			filepath.Base(closed[0].Path) != "door-20261123T162233Z-000001.mp4" {
			t.Errorf("closed: %+v", closed)
		}
	})
}

// TestCrashCostsOnePart reads the file as a crash at any moment would leave it.
func TestCrashCostsOnePart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w, _ := start(t, config(dir), nil)
		packets := clip(t, "small.h264", 0)
		for i, p := range packets {
			time.Sleep(interval)
			w.Write(p)
			synctest.Wait()
			if i >= 26 {
				names, _ := filepath.Glob(filepath.Join(dir, "*.mp4"))
				if kept := len(readMovie(t, names[0]).samples); kept < i+1-26 {
					t.Fatalf("%d of %d packets are with the disk", kept, i+1)
				}
			}
		}
		finish(t, w)
	})
}

func TestUnevenStreamKeepsItsTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w, _ := start(t, config(dir), nil)
		packets := clip(t, "small.h264", 0)
		at := time.Duration(0)
		for i := range packets {
			packets[i].PTS = at
			at += time.Duration(1+i%7) * 33_333_333 // up to 233 ms, and no multiple of a tick
		}
		play(w, packets)
		finish(t, w)
		m := requireFiles(t, dir, 100)[0]
		for i, s := range m.samples {
			if want := ticks(packets[i].PTS); s.at != want {
				t.Fatalf("sample %d at %d, want %d", i, s.at, want)
			}
			if i > 0 && m.samples[i-1].at+uint64(m.samples[i-1].duration) != s.at {
				t.Fatalf("sample %d does not begin where the one before ends", i)
			}
		}
	})
}

func TestNewFile(t *testing.T) {
	for name, c := range map[string]struct {
		stream func(t *testing.T) []frame.Packet
		tune   func(*Config)
		files  []int
	}{
		"begins at a keyframe": {
			stream: func(t *testing.T) []frame.Packet { return clip(t, "small.h264", 0)[10:] },
			files:  []int{75},
		},
		"when the picture's size changes": {
			stream: func(t *testing.T) []frame.Packet {
				return append(clip(t, "small.h264", 0), clip(t, "large.h264", 4*time.Second)...)
			},
			files: []int{100, 25},
		},
		"after a gap": {
			stream: func(t *testing.T) []frame.Packet {
				return append(clip(t, "small.h264", 0), clip(t, "small.h264", 10*time.Second)...)
			},
			files: []int{100, 100},
		},
		"after a gap, at the next keyframe": {
			stream: func(t *testing.T) []frame.Packet {
				return append(clip(t, "small.h264", 0), clip(t, "small.h264", 10*time.Second)[5:]...)
			},
			files: []int{100, 75},
		},
		"not after a short pause": {
			stream: func(t *testing.T) []frame.Packet {
				return append(clip(t, "small.h264", 0), clip(t, "small.h264", 8*time.Second)...)
			},
			files: []int{200},
		},
		"when the clock starts over": {
			stream: func(t *testing.T) []frame.Packet {
				return append(clip(t, "small.h264", time.Hour), clip(t, "small.h264", 0)...)
			},
			files: []int{100, 100},
		},
		"after its duration": {
			stream: func(t *testing.T) (all []frame.Packet) {
				for i := range 6 {
					all = append(all, clip(t, "small.h264", time.Duration(i)*4*time.Second)...)
				}
				return all
			},
			tune:  func(c *Config) { c.MaxDuration = 10 * time.Second },
			files: []int{250, 250, 100},
		},
		"before its size, between groups": {
			stream: func(t *testing.T) []frame.Packet { return heavy(clip(t, "small.h264", 0), 15_000) },
			tune:   func(c *Config) { c.Rotation.MaxFileSize = 1 << 20 },
			files:  []int{50, 50},
		},
		"before its size even within a group": {
			stream: func(t *testing.T) []frame.Packet { return heavy(clip(t, "small.h264", 0), 60_000) },
			tune:   func(c *Config) { c.Rotation.MaxFileSize = 1 << 20 },
			files:  []int{17, 17, 17, 17},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				cfg := config(dir)
				if c.tune != nil {
					c.tune(&cfg)
				}
				w, _ := start(t, cfg, nil)
				packets := c.stream(t)
				play(w, packets)
				finish(t, w)
				requireFiles(t, dir, c.files...)
				requireLedger(t, w, len(packets))
				names, _ := filepath.Glob(filepath.Join(dir, "*.mp4"))
				for _, name := range names {
					if info, _ := os.Stat(name); info.Size() > int64(cfg.Rotation.MaxFileSize) {
						t.Errorf("%s has %d bytes", name, info.Size())
					}
				}
			})
		})
	}
}

// heavy makes packets larger by filler data, which decoders pass over.
func heavy(packets []frame.Packet, n int) []frame.Packet {
	filler := append([]byte{0, 0, 0, 1, 12}, bytes.Repeat([]byte{0xff}, n)...)
	for i := range packets {
		packets[i].Data = append(packets[i].Data, append(filler, 0x80)...)
	}
	return packets
}

func TestQuietStreamIsWrittenAndEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w, ev := start(t, config(dir), nil)
		play(w, clip(t, "small.h264", 0)[:30])
		time.Sleep(time.Second)
		synctest.Wait()
		if s := w.Status(); s.Written != 30 || s.Waiting != 0 {
			t.Errorf("after a second of silence: %+v", s)
		}
		// It goes on within the gap: the same file, and no time runs backwards.
		rest := clip(t, "small.h264", 0)[30:]
		for i := range rest {
			rest[i].PTS += time.Second
		}
		play(w, rest)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(ev.of(Closed)) != 1 {
			t.Error("the file is still open after a long silence")
		}
		m := requireFiles(t, dir, 100)[0]
		for i := 1; i < len(m.samples); i++ {
			if m.samples[i].at < m.samples[i-1].at+uint64(m.samples[i-1].duration) {
				t.Fatalf("sample %d begins before the one before has ended", i)
			}
		}
		finish(t, w)
	})
}

func TestUnwritableFolderIsReportedAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent := filepath.Join(t.TempDir(), "volume")
		dir := filepath.Join(parent, "films")
		w, ev := start(t, config(dir), nil)
		if w.Wanted() {
			t.Error("wanted although nothing can be written")
		}
		s := w.Status()
		if s.State != "not_found" || !strings.Contains(s.Err.Error(), dir) || !strings.Contains(s.Err.Error(), rotate.NotFound.Advice()) {
			t.Errorf("status %+v", s)
		}
		packets := clip(t, "small.h264", 0)
		play(w, packets[:10]) // somebody who does not ask
		os.Mkdir(parent, 0o700)
		time.Sleep(time.Minute - 10*interval)
		play(w, packets[:10])
		synctest.Wait()
		if !w.Wanted() {
			t.Fatal("not wanted after the volume came")
		}
		play(w, packets)
		finish(t, w)
		requireFiles(t, dir, 100)
		requireLedger(t, w, 120)
		if n := len(ev.of(StateChanged)); n != 2 {
			t.Errorf("%d changes of state, want 2", n)
		}
	})
}

func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		fsys := rotatetest.New()
		w, _ := start(t, config(dir), fsys)
		packets := clip(t, "small.h264", 0)
		play(w, packets[:60])
		fsys.Room(100) // the next part stops in the middle
		play(w, packets[60:])
		if s := w.Status(); s.State != "disk_full" || w.Wanted() || s.Written != 50 || s.Dropped["not_writable"] != 50 {
			t.Errorf("status %+v", s)
		}
		requireFiles(t, dir, 50)
		time.Sleep(time.Minute)
		synctest.Wait()
		if w.Wanted() {
			t.Error("wanted while the disk is still full")
		}
		fsys.Room(1 << 30)
		time.Sleep(time.Minute)
		synctest.Wait()
		if !w.Wanted() {
			t.Fatal("not wanted after space was freed")
		}
		play(w, clip(t, "small.h264", 5*time.Minute))
		finish(t, w)
		requireFiles(t, dir, 50, 100)
		requireLedger(t, w, 200)
	})
}

func TestReadOnlyInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		fsys := rotatetest.New()
		w, _ := start(t, config(dir), fsys)
		packets := clip(t, "small.h264", 0)
		play(w, packets[:60])
		fsys.Fault("write", syscall.EROFS)
		fsys.Fault("open", syscall.EROFS)
		fsys.Fault("sync", syscall.EROFS)
		play(w, packets[60:])
		if s := w.Status(); s.State != "read_only" || w.Wanted() {
			t.Errorf("status %+v", s)
		}
		finish(t, w)
		requireFiles(t, dir, 50)
		requireLedger(t, w, 100)
	})
}

func TestHangingDiskHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		fsys := rotatetest.New()
		cfg := config(dir)
		cfg.QueuePackets = 30
		w, ev := start(t, cfg, fsys)
		play(w, clip(t, "small.h264", 0)[:40])
		release := fsys.Hang()
		play(w, clip(t, "small.h264", 1600*time.Millisecond)[:90])
		play(w, clip(t, "small.h264", 5200*time.Millisecond)[:90])
		if s := w.Status(); s.State != rotate.Stalled || w.Wanted() || s.Dropped["queue_full"] == 0 {
			t.Errorf("status %+v", s)
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := w.Close(ctx)
		if took := time.Since(began); took != time.Second {
			t.Errorf("closing took %v", took)
		}
		if err == nil || len(ev.of(Lost)) != 1 {
			t.Errorf("error %v, events %v", err, ev.of(Lost))
		}
		requireLedger(t, w, 220)
		release()
		synctest.Wait()
	})
}

func TestOverflowDropsUpToTheNextKeyframe(t *testing.T) {
	q := newQueue(10, 1<<20)
	packets := clip(t, "small.h264", 0)
	var taken []int
	for i, p := range packets[:60] {
		if i == 12 { // two late there is room again, in the middle of a group
			for range 10 {
				q.pop()
			}
		}
		if q.push(p) {
			taken = append(taken, i)
		}
	}
	if got := fmt.Sprint(taken); got != "[0 1 2 3 4 5 6 7 8 9 25 26 27 28 29 30 31 32 33 34]" {
		t.Errorf("taken %s", got)
	}
	q = newQueue(10, 100)
	if q.push(frame.Packet{Keyframe: true, Data: make([]byte, 101)}) || q.waiting() != 0 {
		t.Error("more bytes than the queue holds were taken")
	}
}

func TestMalformedPacketsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cfg := config(dir)
		cfg.Rotation.MaxFileSize = 1 << 20
		w, _ := start(t, cfg, nil)
		packets := clip(t, "small.h264", 0)
		packets[3].Data = nil
		packets[4].Data = []byte{1, 2, 3, 4, 5}
		packets[5].Data = []byte{0, 0, 0, 1, 9, 16} // no picture
		broken := clip(t, "small.h264", time.Hour)[:1]
		broken[0].Data = bytes.Replace(broken[0].Data, []byte{0, 0, 0, 1, 0x67}, []byte{0, 0, 0, 1, 0x67, 0xff, 0xff}, 1)
		huge := heavy(clip(t, "small.h264", 2*time.Hour)[:1], 2<<20)
		play(w, append(append(packets, broken...), huge...))
		finish(t, w)
		requireFiles(t, dir, 97)
		if s := w.Status(); s.Dropped["malformed"] != 5 {
			t.Errorf("dropped %v", s.Dropped)
		}
		requireLedger(t, w, 102)
	})
}

func TestRealFullVolume(t *testing.T) {
	v := rotatetest.Mount(t, 1<<20)
	synctest.Test(t, func(t *testing.T) {
		cfg := config(v.Dir)
		cfg.Rotation.MaxFileSize, cfg.Rotation.MaxTotal = 1<<20, 2<<20
		w, _ := start(t, cfg, nil)
		filler := filepath.Join(v.Dir, "filler")
		os.WriteFile(filler, make([]byte, 700<<10), 0o600)
		play(w, heavy(clip(t, "small.h264", 0), 6_000))
		if s := w.Status(); s.State != "disk_full" || w.Wanted() || s.Written == 0 {
			t.Errorf("status %+v", s)
		}
		requireFiles(t, v.Dir, int(w.Status().Written))
		os.Remove(filler)
		time.Sleep(time.Minute)
		synctest.Wait()
		if !w.Wanted() {
			t.Error("not wanted after space was freed")
		}
		finish(t, w)
		requireLedger(t, w, 100)
	})
}

func TestConfig(t *testing.T) {
	good := DefaultConfig()
	good.Dir = "films"
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	err := Config{Part: -1}.Validate()
	for _, key := range []string{"dir", "max_duration", "max_gap", "part", "queue_packets", "queue_bytes", "retry", "rotation.keep"} {
		if err == nil || !strings.Contains(err.Error(), key+": ") {
			t.Errorf("%v does not name %s", err, key)
		}
	}
	if _, err := New("door", DefaultConfig(), Options{}); err == nil {
		t.Error("a film without a folder was started")
	}
}
