package oip

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/processors/oip/oiptest"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// labels writes the names of a Finder's classes.
func labels(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "labels.txt")
	if err := os.WriteFile(path, []byte("cat\ndog\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// site is servers a:1, b:1, … on a network in memory.
type site struct {
	network oiptest.Network
	servers []*oiptest.Server

	mu      sync.Mutex
	notices []string
}

func newSite(t testing.TB, models ...oiptest.Model) *site {
	s := &site{}
	for i, m := range models {
		s.servers = append(s.servers, oiptest.NewServer(m))
		s.up(i)
		t.Cleanup(s.servers[i].Stop)
	}
	return s
}

func address(i int) string { return string(rune('a'+i)) + ":1" }

func (s *site) up(i int) { s.servers[i].Serve(s.network.Listen(address(i))) }

func (s *site) config(t testing.TB) Config {
	cfg := DefaultConfig()
	cfg.Model, cfg.Labels = oiptest.Name, labels(t)
	for i := range s.servers {
		cfg.Endpoints = append(cfg.Endpoints, "grpc://"+address(i))
	}
	return cfg
}

func (s *site) options() Options {
	hear := func(text string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.notices = append(s.notices, text)
	}
	return Options{MaxBatch: 4, Dial: s.network.Dial, OnNotice: hear, OnTrouble: hear}
}

func (s *site) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.notices, "\n")
}

// started is a running processor; the caller stops it.
func started(t testing.TB, cfg Config, o Options) *Processor {
	t.Helper()
	p, err := New(cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return p
}

// gray are pictures, each of one level.
func gray(levels ...byte) []frame.Entry {
	batch := make([]frame.Entry, len(levels))
	for i, level := range levels {
		f := processortest.Frame(64, 64, frame.NV12, processortest.Gray(level))
		f.FullRange = true
		batch[i].Frame = f
	}
	return batch
}

func wants(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q:\n%v", part, err)
		}
	}
}
