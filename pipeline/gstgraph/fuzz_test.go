package gstgraph

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph/gsttest"
)

// fuzzLimit is how long a child may be at one corpus.
const fuzzLimit = 60 * time.Second

// damage are ways to spoil a stream's access units.
var damage = map[string]func(r *rand.Rand, unit []byte) []byte{
	"truncated": func(r *rand.Rand, unit []byte) []byte { return unit[:1+r.IntN(len(unit))] },
	"flipped": func(r *rand.Rand, unit []byte) []byte {
		for range 1 + len(unit)/50 {
			unit[r.IntN(len(unit))] ^= 1 << r.IntN(8)
		}
		return unit
	},
	"flood of SEI": func(r *rand.Rand, unit []byte) []byte {
		flood := bytes.Repeat([]byte{0, 0, 0, 1, 6, byte(r.IntN(256)), 4, 1, 2, 3, 4, 0x80}, 2000)
		return append(flood, unit...)
	},
	"SEI that lies": func(r *rand.Rand, unit []byte) []byte {
		lie := append([]byte{0, 0, 0, 1, 6}, bytes.Repeat([]byte{0xff}, 500+r.IntN(500))...)
		return append(lie, unit...)
	},
	"parameter sets at random": func(r *rand.Rand, unit []byte) []byte {
		set := []byte{0, 0, 0, 1, 0x67, 66, 0, 62}
		for range 1 + r.IntN(40) {
			set = append(set, byte(r.IntN(256)))
		}
		return append(set, unit...)
	},
	"huge SPS": func(r *rand.Rand, unit []byte) []byte {
		return append(joined(sps(uint32(r.IntN(3)), 1+uint32(r.IntN(1100)), 1+uint32(r.IntN(1100)))), unit...)
	},
	"nothing but start codes": func(r *rand.Rand, unit []byte) []byte { return bytes.Repeat(startCode, len(unit)/4+1) },
	"noise": func(r *rand.Rand, unit []byte) []byte {
		for i := range unit {
			unit[i] = byte(r.IntN(256))
		}
		return unit
	},
}

// Data that no encoder makes goes through parser and decoder in a process of
// its own. That one may end badly: then the log says with what. This one goes on.
func TestFault36_HostileData(t *testing.T) {
	t.Parallel()
	const seed = 36
	units := encode(t, EncoderSettings{Width: 320, Height: 240, FPS: 25}, 40)
	for name, spoil := range damage {
		t.Run(name, func(t *testing.T) {
			path := spoiled(t, rand.New(rand.NewPCG(seed, 0)), units, spoil)
			ctx, cancel := context.WithTimeout(t.Context(), fuzzLimit)
			defer cancel()
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(ctx, exe)
			cmd.Env = append(os.Environ(), childEnv+"=hostile", hostileEnv+"="+path)
			out, err := cmd.CombinedOutput()
			if ctx.Err() != nil {
				t.Errorf("the child did not come to an end in %v, seed %d", fuzzLimit, seed)
			}
			if err != nil {
				t.Logf("found: the child ended with %v, seed %d: %s", err, seed, tail(string(out)))
			}
		})
	}
}

// spoiled writes an elementary stream of which every other unit after the
// first is damaged, ten times over.
func spoiled(t *testing.T, r *rand.Rand, units []frame.Packet, spoil func(*rand.Rand, []byte) []byte) string {
	var stream []byte
	for round := range 10 {
		for i, u := range units {
			data := bytes.Clone(u.Data)
			if (i+round)%2 == 1 {
				data = spoil(r, data)
			}
			stream = append(stream, data...)
		}
	}
	path := t.TempDir() + "/stream.h264"
	if err := os.WriteFile(path, stream, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// hostileEnv names the child's stream.
const hostileEnv = "NVPIPE_GSTGRAPH_HOSTILE"

// playHostile plays a stream as a graph does, by pieces of a size that cuts it
// anywhere. A stream that is refused is no failure.
func playHostile() error {
	err := gsttest.Play(
		gsttest.Step{Element: "filesrc", Props: map[string]string{"location": os.Getenv(hostileEnv), "blocksize": "1400"}},
		gsttest.Step{Element: h264.parse, Props: map[string]string{"config-interval": "-1"}},
		gsttest.Step{Element: "capsfilter", Props: map[string]string{"caps": h264.caps + h264.form}},
		gsttest.Step{Element: "avdec_h264", Props: map[string]string{"max-threads": "1"}},
		gsttest.Step{Element: "videoconvert"}, gsttest.Step{Element: "fakesink", Props: map[string]string{"sync": "false"}})
	fmt.Println(err)
	return nil
}
