package oip

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/processors/oip/oiptest"
)

func valid() Config {
	cfg := DefaultConfig()
	cfg.Model, cfg.Endpoints = "yolox", []string{"grpc://triton:8001"}
	return cfg
}

func TestDefaultsNeedEndpointsAndModel(t *testing.T) {
	if err := valid().Validate(); err != nil {
		t.Error(err)
	}
	err := DefaultConfig().Validate()
	wants(t, err, "model: must be the model's name on the server", "endpoints: must be 1–16 addresses")
}

func TestEveryMistakeIsReported(t *testing.T) {
	many := make([]string, 17)
	for name, c := range map[string]struct {
		change func(*Config)
		key    string
		wants  string
	}{
		"model":             {func(c *Config) { c.Model = "" }, "model", "is empty"},
		"no endpoints":      {func(c *Config) { c.Endpoints = nil }, "endpoints", "1–16"},
		"many endpoints":    {func(c *Config) { c.Endpoints = many }, "endpoints", "are 17"},
		"endpoint":          {func(c *Config) { c.Endpoints = append(c.Endpoints, "http://triton:8000") }, "endpoints[1]", "grpc://host:port"},
		"endpoint twice":    {func(c *Config) { c.Endpoints = append(c.Endpoints, "grpc://triton:8001") }, "endpoints[1]", "twice"},
		"deadline":          {func(c *Config) { c.Deadline = 0 }, "deadline", "1ms–10m"},
		"long deadline":     {func(c *Config) { c.Deadline = time.Hour }, "deadline", "1ms–10m"},
		"retries":           {func(c *Config) { c.Retries = 11 }, "retries", "0–10"},
		"negative retries":  {func(c *Config) { c.Retries = -1 }, "retries", "0–10"},
		"half a pair":       {func(c *Config) { c.Endpoints[0] = "grpcs://triton:8001"; c.TLS.Key = "key.pem" }, "tls.cert", "go together"},
		"tls unused":        {func(c *Config) { c.TLS.CA = "ca.pem" }, "tls", "grpcs://"},
		"token in the open": {func(c *Config) { c.Token = secret.New("s3cret") }, "endpoints[0]", "allow_plaintext_token"},
		"a detector's key":  {func(c *Config) { c.Confidence = 2 }, "confidence", "0–1"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := valid()
			c.change(&cfg)
			err := cfg.Validate()
			wants(t, err, c.key+": ", c.wants)
			var one *invalid.Error
			if !errors.As(err, &one) || one.Key() != c.key {
				t.Errorf("the first mistake is about %v", one)
			}
			if _, err := New(cfg, Options{}); err == nil {
				t.Error("New takes it")
			}
		})
	}
}

func TestWhereATokenMayGo(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"TLS":      func(c *Config) { c.Endpoints[0] = "grpcs://triton:8001" },
		"loopback": func(c *Config) { c.Endpoints[0] = "grpc://127.0.0.1:8001" },
		"allowed":  func(c *Config) { c.AllowPlaintextToken = true },
	} {
		cfg := valid()
		cfg.Token = secret.New("s3cret")
		change(&cfg)
		if err := cfg.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoMessageRepeatsAnEndpointThatIsWrong(t *testing.T) {
	for _, text := range []string{"grpc://joe:s3cr3tpw@triton:8001", "grpc://triton:8001?token=s3cr3tpw", "grpc://s3cr3tpw", "s3cr3tpw", "grpc://joe:s3cr3tpw%zz@t:1"} {
		cfg := valid()
		cfg.Endpoints[0] = text
		if err := cfg.Validate(); err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%v", err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	cfg := valid()
	cfg.Endpoints[0], cfg.TLS.CA = "grpcs://triton:8001", "no-such.pem"
	_, err := New(cfg, Options{})
	wants(t, err, "tls.ca: open no-such.pem")

	cfg = valid()
	cfg.Deadline = 5 * time.Second
	_, err = New(cfg, Options{HangTimeout: 5 * time.Second})
	wants(t, err, "deadline: must be at most 4.5s", "hang_timeout")
}

func TestFigures(t *testing.T) {
	story(t, []oiptest.Model{oiptest.Finder{}, oiptest.Finder{}}, func(t *testing.T, s *site, p *Processor) {
		s.servers[0].Stop()
		for range 4 {
			finds(t, p, 200)
		}
		got := map[string]float64{}
		for _, f := range p.Figures() {
			if f.Help == "" || (f.Label == "") != (f.Of == "") {
				t.Errorf("%+v", f)
			}
			got[f.Name+" "+f.Of] = f.Value
		}
		// Each server's calls begin with 2 or 0 of the warm-up.
		for what, want := range map[string]float64{
			"oip_endpoint_up grpc://a:1": 0, "oip_endpoint_up grpc://b:1": 1, "oip_calls_total grpc://a:1": 5, "oip_calls_total grpc://b:1": 4,
			"oip_failures_total grpc://a:1": 3, "oip_outages_total grpc://a:1": 1, "oip_outages_total grpc://b:1": 0,
			"oip_retries_total ": 3, "oip_retries_refused_total ": 0,
		} {
			if v, ok := got[what]; !ok || v != want {
				t.Errorf("%s is %v, want %v", what, v, want)
			}
		}
	})
	p, err := New(valid(), Options{})
	if err != nil || p.Figures() != nil {
		t.Errorf("before Start: %v, %v", p.Figures(), err)
	}
}
