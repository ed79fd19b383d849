package trace

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func header() Header { return Header{Processor: "objects", Policy: "fill", Largest: 4, Lanes: 2} }

// begin records what every file begins with.
func begin(r *Recorder, now time.Duration) {
	r.Begin(header(), now)
	for lane := range 2 {
		r.Add(&Record{Kind: KindState, Lane: lane, At: now, State: &State{}})
	}
}

func read(t *testing.T, path string) (records []Record, r *Reader) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if r, err = NewReader(f); err != nil {
		t.Fatal(err)
	}
	for {
		one, err := r.Next()
		if errors.Is(err, io.EOF) {
			return records, r
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, one)
	}
}

func unwanted(t *testing.T) func(error) {
	return func(err error) { t.Errorf("failed: %v", err) }
}

func TestRecordsComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	want := []Record{
		{Kind: KindState, Lane: 1, At: 5, State: &State{
			Serving: 2, Added: 7, Batches: 3, Virtual: 1.0 / 3, Extra: .1, Costs: []time.Duration{0, 5, 0},
			Lines: []Line{{Feed: 1, Name: "gate", Cap: 2, Depth: 8, Weight: .1, Live: true, Alone: true, Held: 1, Pass: 1e17,
				Rhythm: Rhythm{1, 2, 3, 4, 5, Pace{6, 7, 8}, Pace{9, 10, 11}}}},
			Queue: []Entry{{Number: 7, Feed: 1, Submitted: 4, By: 9, Dead: true}},
		}},
		{Kind: KindAttached, At: 6, Line: &Line{Feed: 2, Name: "a \"b\"\nc", Cap: 1, Depth: 1, Weight: 1}},
		{Kind: KindBatch, Lane: 1, At: 1 << 60, N: 3, Value: 2, Entries: []uint64{1, 0, 1 << 60}},
	}
	for _, k := range kinds {
		if !strings.ContainsRune("SAb", k) {
			want = append(want, Record{Kind: Kind(k)}, Record{Kind: Kind(k), Lane: 1, At: 1, Feed: 2, N: -3, Value: 1<<63 - 1})
		}
	}
	r := NewRecorder(path, 1<<20, unwanted(t))
	r.Begin(header(), 0)
	for i := range want {
		r.Add(&want[i])
	}
	r.Close(9, time.Minute)
	got, reader := read(t, path)
	want = append(want, Record{Kind: KindEnd, At: 9})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if !reader.Ended() || reader.Cut() || !reflect.DeepEqual(reader.Header(), header()) {
		t.Errorf("ended %v, cut %v, header %+v", reader.Ended(), reader.Cut(), reader.Header())
	}
}

func TestDamageIsNamed(t *testing.T) {
	whole := "nvpipe-trace 1 {\"largest\":4,\"lanes\":1}\n"
	for text, says := range map[string]string{
		"":       ErrForeign.Error(),
		"nvpipe": ErrForeign.Error(),
		"\x00\x01\x02 binary and longer than the beginning":                  ErrForeign.Error(),
		"nvpipe-trace 1 {\"la":                                               "nothing was recorded",
		"nvpipe-trace 2 {}\n":                                                `version "2" of the format; this nvpipe reads version 1`,
		"nvpipe-trace 1 [\n":                                                 "first line is damaged",
		"nvpipe-trace 1 {\"largest\":0,\"lanes\":1}\n":                       "the largest batch is 0",
		"nvpipe-trace 1 {\"largest\":1,\"lanes\":0}\n":                       "it has 0 lanes",
		"nvpipe-trace 1 {\"largest\":4,\"lanes\":1,\"sizes\":[1,2]}\n":       "its batch sizes are [1 2]",
		whole + "z 0 1\n":                                                    "line 2 is damaged: it does not begin with a kind",
		whole + "s 0 one\n":                                                  "line 2 is damaged",
		whole + "s 1 1\n":                                                    "lane 1",
		whole + "w 0 1\nb 0 1 0 0 5 1\n":                                     "line 3 is the batch after 5 records, but 1 are before it",
		whole + "A 0 1 {\"feed\":1,\"cap\":1,\"depth\":1}\n":                 "has weight 0",
		whole + "S 0 1 {\"queue\":[{\"number\":1,\"feed\":7}]}\n":            "of feed 7, which is not there",
		whole + "S 0 1 {\"lines\":[" + line + "," + line + "]}\n":            "feed 1 is there twice",
		whole + "S 0 1 {\"lines\":[" + line + "],\"queue\":[" + far + "]}\n": "promised batch",
	} {
		r, err := NewReader(strings.NewReader(text))
		for err == nil {
			_, err = r.Next()
		}
		if errors.Is(err, io.EOF) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

const (
	line = `{"feed":1,"cap":1,"depth":1,"weight":1}`
	far  = `{"number":1,"feed":1,"by":99999999999}`
)

func TestACutTailIsLeftOut(t *testing.T) {
	r, err := NewReader(strings.NewReader("nvpipe-trace 1 {\"largest\":4,\"lanes\":1}\nw 0 1\ns 0 2 1 1"))
	if err != nil {
		t.Fatal(err)
	}
	if one, err := r.Next(); err != nil || one.Kind != KindSwept {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) || !r.Cut() || r.Ended() {
		t.Errorf("%v, cut %v, ended %v", err, r.Cut(), r.Ended())
	}
}

func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "trace")
		r := NewRecorder(path, 1000, unwanted(t))
		files := 0
		for n := range 500 {
			if now := time.Duration(n + 1); r.Due(now) {
				files++
				begin(r, now)
			}
			r.Add(&Record{Kind: KindLeft, At: time.Duration(n + 1), Feed: 1})
			if n%10 == 0 {
				time.Sleep(time.Minute) // it is written
			}
		}
		r.Close(1000, time.Minute)
		before, reader := read(t, path+".1")
		after, last := read(t, path)
		if files < 4 || reader.Ended() || !last.Ended() {
			t.Errorf("%d files, ended %v, %v", files, reader.Ended(), last.Ended())
		}
		if before[0].Kind != KindState || after[0].Kind != KindState || before[len(before)-1].At+1 != after[0].At {
			t.Errorf("from %v, then from %v", before[len(before)-1], after[0])
		}
		if found, _ := filepath.Glob(path + "*"); len(found) != 2 {
			t.Errorf("files %v", found)
		}
	})
}

// A recorder never waits for its disk; what does not fit is counted.
func TestWhatDoesNotFitIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "trace")
		r := newRecorder(path, 1<<40, unwanted(t))
		disk := make(chan struct{})
		r.open = func(path string) (*os.File, error) {
			<-disk
			return create(path)
		}
		go r.write()
		begin(r, 1)
		time.Sleep(time.Minute) // the goroutine waits for the disk
		added := 0
		for ; r.lost < 100; added++ {
			r.Add(&Record{Kind: KindLeft, At: 2, Feed: 1})
		}
		if len(r.kept) > mostKept || r.Due(3) {
			t.Errorf("%d bytes are kept", len(r.kept))
		}
		close(disk)
		time.Sleep(time.Minute)
		if !r.Due(4) {
			t.Fatal("the state is not asked for after the loss")
		}
		begin(r, 4)
		r.Close(5, time.Minute)
		got, reader := read(t, path)
		lost, kept := int64(0), 0
		for _, one := range got {
			switch one.Kind {
			case KindLost:
				lost += one.N
			case KindLeft:
				kept++
			}
		}
		if lost != 100 || kept+100 != added || !reader.Ended() {
			t.Errorf("%d of %d records are there, %d lost, ended %v", kept, added, lost, reader.Ended())
		}
	})
}

// A disk that is full costs the trace, one call a minute, and nothing else; when
// there is room, it begins anew.
func TestAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "trace")
		full, failures := true, 0
		r := newRecorder(path, 1<<20, func(err error) {
			if failures++; !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("it says %v", err)
			}
		})
		r.open = func(path string) (*os.File, error) {
			if full {
				return os.OpenFile("/dev/full", os.O_WRONLY, 0)
			}
			return create(path)
		}
		go r.write()
		for now := time.Second; now < 10*time.Minute; now += time.Second {
			if r.Due(now) {
				begin(r, now)
			}
			r.Add(&Record{Kind: KindLeft, At: now, Feed: 1})
			time.Sleep(time.Second)
			synctest.Wait()
			if now == 5*time.Minute {
				if failures < 4 || failures > 5 {
					t.Errorf("%d failures in %v", failures, now)
				}
				full = false
			}
		}
		r.Close(time.Hour, time.Minute)
		if got, reader := read(t, path); got[0].At > 7*time.Minute || !reader.Ended() {
			t.Errorf("it goes on at %v", got[0].At)
		}
	})
}

func TestCloseDoesNotWaitForADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder("", 1<<20, func(error) {})
		disk := make(chan struct{})
		r.open = func(string) (*os.File, error) { <-disk; return nil, os.ErrClosed }
		go r.write()
		begin(r, 1)
		start := time.Now()
		r.Close(2, time.Second)
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %v", took)
		}
		r.Close(2, 0)
		r.Add(&Record{Kind: KindLeft})
		if r.Due(3) {
			t.Error("the state is asked for after the end")
		}
		close(disk)
	})
}

func TestWhatIsThereIsSetAside(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ was, aside, says string }{
		"nothing":  {},
		"empty":    {},
		"a trace":  {was: "nvpipe-trace 1 {}\nw 0 1\nw 0 2\n", aside: "nvpipe-trace 1 {}\nw 0 1\nw 0 2\n"},
		"a failed": {was: "nvpipe-trace 1 {}\nw"},
		"foreign":  {was: "version: 1\n", says: "is there and is not a trace"},
	} {
		path := filepath.Join(dir, name)
		if name != "nothing" {
			if err := os.WriteFile(path, []byte(c.was), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		f, err := create(path)
		if err == nil {
			f.Close()
		}
		if said := fmt.Sprint(err); (err != nil) != (c.says != "") || !strings.Contains(said, c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
		if aside, _ := os.ReadFile(path + ".1"); string(aside) != c.aside {
			t.Errorf("%s: beside it is %q", name, aside)
		}
		if now, _ := os.ReadFile(path); (len(now) > 0) != (c.says != "") {
			t.Errorf("%s: there is %q now", name, now)
		}
	}
	if _, err := create(dir); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a folder: %v", err)
	}
}
