package onnx

import (
	"context"
	"strings"
	"testing"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/nvpipe/nvpipe/processors"
)

// Providers that no Linux machine's runtime has all of; what they are refused
// with is the runtime's own reason.
var elsewhere = []string{"coreml", "qnn", "vitisai"}

func TestFirstProviderThatWorks(t *testing.T) {
	needRuntime(t)
	cfg := tiny(t, detector(0))
	cfg.Providers = append(elsewhere[:len(elsewhere):len(elsewhere)], CPU)
	cfg.WholeModel = true
	var notices, troubles []string
	p := started(t, cfg, Options{
		Instances: 1000,
		OnNotice:  func(s string) { notices = append(notices, s) },
		OnTrouble: func(s string) { troubles = append(troubles, s) },
	})
	if e := found(t, p, gray(64, 64, 200))[0]; len(e.Output.Detections) != 2 {
		t.Errorf("%v, %v", e.Output.Detections, e.Err)
	}
	said := strings.Join(notices, "\n")
	for _, name := range elsewhere {
		if said := strings.Join(troubles, "\n"); !strings.Contains(said, "runs on cpu: provider "+name+" cannot be used: ") || !strings.Contains(said, providerOf(name).needs) {
			t.Errorf("nothing of %s and what it needs in\n%s", name, said)
		}
		if figure(p, "processor_provider", name) != 0 || figure(p, "processor_provider_fallbacks_total", name) != 1 {
			t.Errorf("figures of %s: %+v", name, p.Figures())
		}
	}
	if figure(p, "processor_provider", CPU) != 1 || figure(p, "processor_provider_fallbacks_total", CPU) != 0 {
		t.Errorf("figures of the CPU: %+v", p.Figures())
	}
	if !strings.Contains(said, "on cpu with 1 threads") {
		t.Errorf("threads of one of a thousand instances: %s", said)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if figure(p, "processor_provider", CPU) != 0 {
		t.Error("a processor that was stopped runs on something")
	}
}

func figure(p *Processor, name, of string) float64 {
	for _, f := range processors.Figured(p).Figures() {
		if f.Name == name && f.Of == of {
			return f.Value
		}
	}
	return -1
}

func TestNoProviderWorks(t *testing.T) {
	needRuntime(t)
	for _, names := range [][]string{elsewhere[:1], elsewhere} {
		cfg := tiny(t, detector(0))
		cfg.Providers = names
		p, err := New(cfg, Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = p.Start(context.Background())
		if err == nil {
			t.Fatalf("started on %q", names)
		}
		for _, name := range names {
			if !strings.Contains(err.Error(), "provider "+name+" cannot be used: ") || !strings.Contains(err.Error(), "it needs "+providerOf(name).needs) {
				t.Errorf("nothing of %s in %v", name, err)
			}
		}
	}
}

// Every provider is asked for as the runtime wants it: it refuses for lack of
// what the provider needs, and not because it does not know the name.
func TestEveryProviderIsKnown(t *testing.T) {
	needRuntime(t)
	for _, p := range providers {
		o, err := ort.NewSessionOptions()
		if err != nil {
			t.Fatal(err)
		}
		err = p.join(o, nil)
		if err := o.Destroy(); err != nil {
			t.Error(err)
		}
		t.Logf("%s: %v", p.name, err)
		if err != nil && (strings.Contains(err.Error(), "Unknown provider name") || strings.Contains(err.Error(), "onnxruntime_src")) {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}

func TestCapabilities(t *testing.T) {
	needRuntime(t)
	r, err := Capabilities("")
	if err != nil {
		t.Fatal(err)
	}
	if r.Version == "" || r.Library == "" || len(r.Providers) != len(providers) {
		t.Errorf("%+v", r)
	}
	for _, c := range r.Providers {
		t.Logf("%+v", c)
		if usable := c.Refusal == ""; c.Provider == CPU && !usable || c.Provider == elsewhere[0] && usable {
			t.Errorf("%+v", c)
		}
	}
	if _, err := Capabilities("/none.so"); err == nil || !strings.Contains(err.Error(), "/none.so") {
		t.Errorf("error is %v", err)
	}
}
