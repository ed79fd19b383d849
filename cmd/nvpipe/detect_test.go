package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/footage"
)

// sharedModel is the path of a published model beside the repository.
func sharedModel(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("NVPIPE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(dir, "models", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs a published model (beside the repository, or in $NVPIPE_SHARED): %v", err)
	}
	return path
}

// detected is a line of `nvpipe detect`.
type detected struct {
	File          string  `json:"file"`
	Time          float64 `json:"time"`
	Width, Height int
	Detections    []struct {
		Class      string
		Confidence float64
		Box        [4]float64
	}
}

// needRuntime skips where no ONNX Runtime is to be had, as the process said.
func needRuntime(t *testing.T, p *process) {
	t.Helper()
	if strings.Contains(p.output(), "no usable ONNX Runtime") && os.Getenv("NVPIPE_REQUIRE_ONNX") != "1" {
		t.Skip("needs ONNX Runtime: scripts/setup")
	}
}

// The table beside the footage says what a plain reference run finds.
func TestDetectAgreesWithTheFootage(t *testing.T) {
	for _, c := range []struct {
		film, class         string
		frames, least, most int
	}{
		{"bottle-detection.mp4", "bottle", 40, 40, 40},
		{"one-by-one-person-detection.mp4", "person", 139, 103, 109},
	} {
		t.Run(c.film, func(t *testing.T) {
			model, film := sharedModel(t, "yolox_nano.onnx"), footage.Path(t, c.film)
			copied := filepath.Join(t.TempDir(), "out.mp4")
			p := start(t, "nvpipe", nil, "detect", model, film, "--fps", "1", "--json", "--out", copied)
			select {
			case <-p.done:
			case <-time.After(5 * time.Minute):
				t.Fatalf("not in time:\n%.2000s", p.output())
			}
			needRuntime(t, p)
			if code := p.cmd.ProcessState.ExitCode(); code != exitFine {
				t.Fatalf("exit code %d:\n%.2000s", code, p.output())
			}
			frames, with := 0, 0
			for lines := bufio.NewScanner(strings.NewReader(p.output())); lines.Scan(); {
				if !strings.HasPrefix(lines.Text(), "{") {
					continue
				}
				var l detected
				if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
					t.Fatalf("%v: %s", err, lines.Text())
				}
				if l.File != film || l.Width == 0 || l.Height == 0 || l.Time < float64(frames)-0.1 || l.Time > float64(frames)+0.1 {
					t.Errorf("line %d is %+v", frames, l)
				}
				frames++
				for _, d := range l.Detections {
					if d.Class == c.class {
						with++
						break
					}
				}
			}
			if frames != c.frames || with < c.least || with > c.most {
				t.Errorf("%s in %d of %d frames, want %d–%d of %d", c.class, with, frames, c.least, c.most, c.frames)
			}
			if info, err := os.Stat(copied); err != nil || info.Size() < 10_000 {
				t.Errorf("the annotated copy: %v, %v", info, err)
			}
		})
	}
}

func TestDetectStopsAtASignalAndFinishesItsFilm(t *testing.T) {
	model, film := sharedModel(t, "yolox_nano.onnx"), footage.Path(t, "one-by-one-person-detection.mp4")
	copied := filepath.Join(t.TempDir(), "out.mp4")
	p := start(t, "nvpipe", nil, "detect", model, film, "--fps", "0", "--json", "--out", copied)
	p.await("ten frames, or that there is no runtime", func() bool {
		return strings.Count(p.output(), `"detections"`) > 10 || strings.Contains(p.output(), "no usable ONNX Runtime")
	})
	needRuntime(t, p)
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.says("interrupted")
	<-p.done
	if code := p.cmd.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if data, err := os.ReadFile(copied); err != nil || !strings.Contains(string(data), "moof") {
		t.Errorf("the annotated copy has no part in it: %d bytes, %v", len(data), err)
	}
}

func TestDetectRefusesWhatIsWrong(t *testing.T) {
	text := write(t, "notes.txt", "this is no model and no picture")
	dir := t.TempDir()
	film := filepath.Join(dir, "film")
	for _, ext := range []string{".mp4", ".mkv"} {
		if err := os.WriteFile(film+ext, []byte{0, 1, 2, 3}, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := write(t, "c.yaml", quiet+"processors: {motion: {type: motion}}\nfeeds: {a: {source: {test: {pattern: ball}}, processors: [motion]}}\n")
	for name, c := range map[string]struct {
		args []string
		says string
		code int
	}{
		"no file":           {[]string{"m.onnx"}, "1 arguments given, 2 or more wanted", exitUsage},
		"no model":          {[]string{"nowhere.onnx", text}, "nowhere.onnx", exitUsage},
		"not a model":       {[]string{text, text}, "not a readable ONNX model", exitUsage},
		"bad size":          {[]string{"--size", "3", text, text}, "640x640", exitUsage},
		"bad fps":           {[]string{"--fps", "-1", text, text}, "--fps must be", exitUsage},
		"bad every":         {[]string{"--every", "-1", text, text}, "--every must be", exitUsage},
		"bad confidence":    {[]string{"--confidence", "2", text, text}, "confidence", exitUsage},
		"out and no copy":   {[]string{"--out", "x.png", "--boxes-only", text, text}, "exclude each other", exitUsage},
		"no processor":      {[]string{"--config", config, "people", text}, "it has motion", exitUsage},
		"settings twice":    {[]string{"--config", config, "--confidence", "0.5", "motion", text}, "leave out --confidence", exitUsage},
		"no picture":        {[]string{"--config", config, "motion", text}, "must be a picture", exitUsage},
		"no such picture":   {[]string{"--config", config, "motion", "nowhere.jpg"}, "nowhere.jpg", exitUsage},
		"one copy for two":  {[]string{"--config", config, "--out", dir, "motion", film + ".mp4", film + ".mkv"}, "same annotated copy", exitUsage},
		"one place for two": {[]string{"--config", config, "--out", "x.mp4", "motion", film + ".mp4", film + ".mkv"}, "--out must be a folder", exitUsage},
		"a film's name":     {[]string{"--config", config, "--out", "x.png", "motion", film + ".mkv"}, "must end in .mp4", exitUsage},
		"all wrong":         {[]string{"--config", config, "motion", text, film + ".mkv"}, "must be a picture", exitFailed},
		"nothing in there":  {[]string{"--config", config, "motion", t.TempDir()}, "has no pictures or films", exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, "nvpipe", nil, append([]string{"detect"}, c.args...)...)
			<-p.done
			if code := p.cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(p.output(), c.says) {
				t.Errorf("exit code %d:\n%.1000s", code, p.output())
			}
		})
	}
}

func TestDetectWithAProcessorOfAConfig(t *testing.T) {
	film := footage.Path(t, footage.CarFilm)
	config := write(t, "c.yaml", quiet+"processors: {moving: {type: motion}}\nfeeds: {a: {source: {test: {pattern: ball}}, processors: [moving]}}\n")
	p := start(t, "nvpipe", nil, "detect", "--config", config, "--boxes-only", "--fps", "0", "moving", film)
	<-p.done
	if code := p.cmd.ProcessState.ExitCode(); code != exitFine || !strings.Contains(p.output(), `"class":"motion"`) || !strings.Contains(p.output(), "377 frames") {
		t.Errorf("exit code %d:\n%.1000s", code, p.output())
	}
}
