package doctor

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// healthy is a machine that has everything.
func healthy() Facts {
	there := func(name string) gstgraph.Element {
		return gstgraph.Element{Name: name, Package: "gst-" + name, Installed: true}
	}
	return Facts{
		GStreamer: "1.22.0",
		Jobs: []gstgraph.Job{
			{Name: "films", Need: gstgraph.AllOf, Elements: []gstgraph.Element{there("filesrc"), there("qtdemux")}},
			{Name: "decode H.264", Need: gstgraph.FirstOf, Elements: []gstgraph.Element{there("avdec_h264"), there("openh264dec")}},
			{Name: "decode H.265", Need: gstgraph.FirstOf, Elements: []gstgraph.Element{there("avdec_h265")}},
			{Name: "encode H.264", Need: gstgraph.FirstOf, Elements: []gstgraph.Element{there("x264enc")}},
			{Name: "hardware decoders", Need: gstgraph.Extra, Elements: []gstgraph.Element{there("vah264dec")}},
		},
		Runtime: Runtime{Runtime: onnx.Runtime{Library: "/lib/libonnxruntime.so.1", Version: "1.30.0", Providers: []onnx.Capability{{Provider: "cuda"}, {Provider: "cpu"}}}},
		CPU:     CPU{Model: "A CPU", Arch: "amd64", Features: []string{"avx2"}, Cores: 8, Threads: 8},
		Memory:  Memory{Total: 16 << 30, Available: 8 << 30},
		Limits:  Limits{Files: 1 << 20},
		Clock:   Clock{Known: true, Synchronised: true},
	}
}

// finding is the one of that name.
func finding(t *testing.T, r Report, name string) Finding {
	t.Helper()
	for _, f := range r.Findings {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("nothing is said of %q in %+v", name, r)
	return Finding{}
}

func TestAHealthyMachine(t *testing.T) {
	r := Examine(healthy())
	if !r.OK {
		t.Error("not OK")
	}
	for _, f := range r.Findings {
		if f.Level != OK {
			t.Errorf("%+v", f)
		}
	}
	if got := finding(t, r, "decode H.264").Found; got != "avdec_h264 (then openh264dec)" {
		t.Errorf("H.264 is decoded by %s", got)
	}
}

func TestWhatIsWrongIsSaidAndMended(t *testing.T) {
	without := func(job int, elements ...int) func(*Facts) {
		return func(f *Facts) {
			for _, e := range elements {
				f.Jobs[job].Elements[e].Installed = false
			}
		}
	}
	withConfig := func(change func(*ConfigFacts)) func(*Facts) {
		return func(f *Facts) {
			f.Config = &ConfigFacts{Check: config.Report{File: "c.yaml", OK: true}, Feeds: 4}
			change(f.Config)
		}
	}
	idleGPU := func(f *Facts) {
		without(4, 0)(f)
		f.Devices = []string{"/dev/dri/renderD129"}
	}
	for name, c := range map[string]struct {
		change func(*Facts)
		line   string
		level  Level
		says   []string // of the finding, anywhere
	}{
		"an element":      {without(0, 1), "films", Missing, []string{"lacks qtdemux", "apt-get install gst-qtdemux"}},
		"one decoder":     {without(1, 0), "decode H.264", OK, []string{"openh264dec"}},
		"no decoder":      {without(1, 0, 1), "decode H.264", Missing, []string{"apt-get install gst-avdec_h264"}},
		"no H.265":        {without(2, 0), "decode H.265", Warning, []string{"refused", "gst-avdec_h265"}},
		"no encoder":      {without(3, 0), "encode H.264", Warning, []string{"events are not affected", "gst-x264enc"}},
		"no hardware":     {without(4, 0), "hardware decoders", Note, []string{"none", "/dev/dri/renderD128"}},
		"an idle GPU":     {idleGPU, "hardware decoders", Note, []string{"there is /dev/dri/renderD129", "gst-vah264dec", "mesa-va-drivers"}},
		"old GStreamer":   {func(f *Facts) { f.GStreamer = "1.18.4" }, "version", Warning, []string{"1.20"}},
		"no version":      {func(f *Facts) { f.GStreamer = "" }, "version", Warning, nil},
		"newer GStreamer": {func(f *Facts) { f.GStreamer = "2.0.1" }, "version", OK, nil},
		"no runtime":      {func(f *Facts) { f.Runtime = Runtime{Err: errors.New("none found")} }, "library", Warning, []string{"none found", "scripts/setup"}},
		"only the CPU":    {func(f *Facts) { f.Runtime.Providers[0].Refusal = "no device" }, "provider cuda", Note, []string{"no device"}},
		"an old CPU":      {func(f *Facts) { f.CPU.Features = []string{"avx"} }, "vector units", Warning, []string{"AVX2"}},
		"a container":     {func(f *Facts) { f.CPU.Threads = 2 }, "threads", Note, []string{"2 of 8"}},
		"its memory":      {func(f *Facts) { f.Memory.Limit = 256 << 20 }, "memory", Warning, []string{"256 MiB", "512 MiB"}},
		"no memory known": {func(f *Facts) { f.Memory = Memory{} }, "memory", Note, []string{"not known"}},
		"few files":       {func(f *Facts) { f.Limits.Files = 256 }, "open files", Warning, []string{"enough for 24 feeds", "320", "ulimit -n 320"}},
		"no files":        {func(f *Facts) { f.Limits.Files = 10 }, "open files", Warning, []string{"enough for 0 feeds"}},
		"few tasks":       {func(f *Facts) { f.Limits.Tasks = 100 }, "tasks", Warning, []string{"enough for 9 feeds", "TasksMax=192"}},
		"a clock":         {func(f *Facts) { f.Clock.Synchronised = false }, "clock", Warning, []string{"timedatectl"}},
		"no clock":        {func(f *Facts) { f.Clock = Clock{} }, "clock", Note, []string{"not known"}},
		"few feeds": {func(f *Facts) {
			f.Limits.Files = 256
			f.Config = &ConfigFacts{Feeds: 4}
		}, "open files", OK, []string{"enough for 24"}},
		"a runtime wanted": {func(f *Facts) {
			f.Runtime = Runtime{Err: errors.New("none found")}
			f.Config = &ConfigFacts{NeedsONNX: true}
		}, "library", Missing, nil},
		"a provider wanted": {func(f *Facts) {
			f.Runtime.Providers[0].Refusal = "no device"
			f.Config = &ConfigFacts{Providers: []string{"cuda", "cpu"}}
		}, "provider cuda", Warning, []string{"no device"}},
		"a wrong config": {withConfig(func(c *ConfigFacts) {
			c.Check.Mistakes = []config.Note{{File: "c.yaml", Line: 3, Text: "must be 1"}}
		}), "file", Missing, []string{"c.yaml:3", "must be 1", "nvpipe check c.yaml"}},
		"a taken port": {withConfig(func(c *ConfigFacts) {
			c.Ports = []Port{{For: "metrics", Address: "127.0.0.1:9464", Err: errors.New("in use")}}
		}), "metrics", Warning, []string{"127.0.0.1:9464", "in use", "ss -lntup"}},
		"a full disk": {withConfig(func(c *ConfigFacts) {
			c.Folders = []Folder{{For: "films of a", Path: "/films", Free: 1 << 30, Floor: 2 << 30}}
		}), "films of a", Warning, []string{"/films", "1.0 GiB free", "2.0 GiB"}},
		"a small disk": {withConfig(func(c *ConfigFacts) {
			c.Folders = []Folder{{For: "films of a", Path: "/films", Free: 3 << 30, Floor: 2 << 30, Wants: 10 << 30}}
		}), "films of a", Note, []string{"10.0 GiB"}},
		"no disk": {withConfig(func(c *ConfigFacts) {
			c.Folders = []Folder{{For: "films of a", Path: "/films", Err: errors.New("not there")}}
		}), "films of a", Warning, []string{"/films", "not there"}},
	} {
		t.Run(name, func(t *testing.T) {
			facts := healthy()
			c.change(&facts)
			r := Examine(facts)
			f := finding(t, r, c.line)
			if f.Level != c.level || r.OK != (c.level != Missing) {
				t.Errorf("%+v, OK %v", f, r.OK)
			}
			said := f.Found + "\n" + f.Means + "\n" + f.Mend
			for _, s := range c.says {
				if !strings.Contains(said, s) {
					t.Errorf("%+v does not say %q", f, s)
				}
			}
			if (f.Level == Missing || f.Level == Warning) && (f.Means == "" || f.Mend == "") {
				t.Errorf("%+v does not say what it means, or what to do", f)
			}
		})
	}
}

// Nothing known is no reason to fall over.
func TestNothingIsKnown(t *testing.T) {
	for _, f := range []Facts{{}, {Config: &ConfigFacts{}}, {Jobs: []gstgraph.Job{{Name: "x", Need: gstgraph.FirstOf}, {Name: "y"}}}} {
		r := Examine(f)
		var text, data bytes.Buffer
		if err := errors.Join(r.WriteText(&text), r.WriteJSON(&data)); err != nil || text.Len() == 0 {
			t.Errorf("%v: %s", err, &text)
		}
	}
}

func TestTheReportIsWritten(t *testing.T) {
	facts := healthy()
	facts.Jobs[0].Elements[1].Installed = false
	facts.Clock.Synchronised = false
	r := Examine(facts)
	var text, data bytes.Buffer
	if err := errors.Join(r.WriteText(&text), r.WriteJSON(&data)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"GStreamer\n  ok       version", "  missing  films", "→ sudo apt-get install gst-qtdemux", "1 required missing, 1 to be warned of"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	var back Report
	if err := json.Unmarshal(data.Bytes(), &back); err != nil || back.OK || len(back.Findings) != len(r.Findings) {
		t.Errorf("%v: %s", err, &data)
	}
}
