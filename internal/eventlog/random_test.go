package eventlog

import (
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/internal/rotate/rotatetest"
)

// TestAnySchedule lets bursts of lines meet a disk that fails and heals at
// random. Whatever happens, every accepted line is in the files once, whole and
// in order.
func TestAnySchedule(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			dir := t.TempDir()
			path := filepath.Join(dir, "events.jsonl")
			fsys := rotatetest.New()
			cfg := config(path)
			cfg.Rotation.MaxFileSize, cfg.Rotation.MaxTotal = 1<<20, 100<<20
			cfg.Rotation.Keep = 100
			w := open(t, NewRegistry(Options{FS: fsys}), cfg)
			seq := uint64(0)
			for range 60 {
				switch rng.IntN(6) {
				case 0:
					fsys.Room(rng.Int64N(100_000))
				case 1:
					op := []string{"write", "open", "sync", "truncate", "space", "readdir", "rename", "stat"}[rng.IntN(8)]
					fsys.Fault(op, syscall.EIO)
				default:
					fsys.Heal()
				}
				burst := uint64(rng.IntN(200))
				deliver(w, seq+1, seq+burst)
				seq += burst
				time.Sleep(time.Duration(rng.IntN(90_000)) * time.Millisecond)
			}
			fsys.Heal()
			closed(t, w)
			s := w.Status()
			if s.Accepted+s.Dropped != seq || s.Written != s.Accepted || s.Waiting != 0 || s.Lost != 0 {
				t.Errorf("seed %d: %d delivered, %+v", seed, seq, s)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "events*.jsonl"))
			seqs := sequence(t, files...)
			if uint64(len(seqs)) != s.Written {
				t.Errorf("seed %d: %d lines in %d files, %d counted as written", seed, len(seqs), len(files), s.Written)
			}
			for i := 1; i < len(seqs); i++ {
				if seqs[i] <= seqs[i-1] {
					t.Fatalf("seed %d: line %d after line %d", seed, seqs[i], seqs[i-1])
				}
			}
		})
	}
}
