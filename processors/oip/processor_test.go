package oip

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
	"github.com/nvpipe/nvpipe/processors/oip/oiptest"
	"github.com/nvpipe/nvpipe/processors/processortest"
)

// story runs in a bubble of virtual time with a processor for the models.
func story(t *testing.T, models []oiptest.Model, tell func(*testing.T, *site, *Processor)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, models...)
		p := started(t, s.config(t), s.options())
		defer p.Stop()
		tell(t, s, p)
	})
}

func near(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-4 }

// finds processes pictures of these levels and checks what was found in each.
func finds(t *testing.T, p *Processor, levels ...byte) {
	t.Helper()
	batch := gray(levels...)
	if err := p.Process(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	for i, e := range batch {
		if e.Err != nil || len(e.Output.Detections) != 1 {
			t.Fatalf("picture %d: %v, %v", i, e.Output.Detections, e.Err)
		}
		d, b := e.Output.Detections[0], oiptest.FinderBox
		if d.Label != "dog" || math.Abs(float64(d.Confidence)-float64(levels[i])/255) > 0.01 ||
			!near(d.Box.XMin, b[0]/64) || !near(d.Box.YMin, b[1]/64) || !near(d.Box.XMax, b[2]/64) || !near(d.Box.YMax, b[3]/64) {
			t.Errorf("picture %d of level %d: %+v", i, levels[i], d)
		}
	}
}

func TestEachPictureGetsItsOwn(t *testing.T) {
	for _, fixed := range []int64{0, 1, 3} {
		t.Run(fmt.Sprintf("batch dimension %d", fixed), func(t *testing.T) {
			story(t, []oiptest.Model{oiptest.Finder{Batch: fixed}}, func(t *testing.T, s *site, p *Processor) {
				before, _ := s.servers[0].Calls()
				finds(t, p, 250, 200, 150, 100)
				finds(t, p, 180)
				after, request := s.servers[0].Calls()
				if want := map[int64]int{0: 2, 1: 5, 3: 3}[fixed]; after-before != want {
					t.Errorf("%d calls for 4 pictures and 1, want %d", after-before, want)
				}
				if n := request.GetInputs()[0].GetShape()[0]; n != max(fixed, 1) {
					t.Errorf("the last call had a batch of %d", n)
				}
				if one := strings.Contains(s.told(), "one picture at a time"); one != (fixed == 1) {
					t.Errorf("notices:\n%s", s.told())
				}
			})
		})
	}
}

func TestConformance(t *testing.T) {
	for _, fixed := range []int64{0, 1, 3} {
		t.Run(fmt.Sprintf("batch dimension %d", fixed), func(t *testing.T) {
			s := newSite(t, oiptest.Finder{Batch: fixed})
			cfg, o := s.config(t), s.options()
			o.MaxBatch = 8
			processortest.Run(t, func() (processortest.Processor, error) { return New(cfg, o) })
		})
	}
}

// Restarted in the middle: batches fail while nobody is there, each with a
// reason and at once, and the next one after that works.
func TestRestartInTheMiddle(t *testing.T) {
	story(t, []oiptest.Model{oiptest.Finder{}}, func(t *testing.T, s *site, p *Processor) {
		finds(t, p, 200)
		s.servers[0].Behave(oiptest.Behaviour{Delay: 500 * time.Millisecond})
		ended := make(chan error)
		go func() { ended <- p.Process(context.Background(), gray(200, 100)) }()
		synctest.Wait() // it waits for the server
		s.servers[0].Stop()
		wants(t, <-ended, "oip: model model: grpc://a:1: ")
		for range 5 {
			batch := gray(200)
			wants(t, p.Process(context.Background(), batch), "grpc://a:1")
			if batch[0].Output.Detections != nil {
				t.Error("a failed batch has detections")
			}
		}
		s.servers[0].Behave(oiptest.Behaviour{})
		s.up(0)
		time.Sleep(time.Minute)
		finds(t, p, 200, 100)
	})
}

func TestFailoverLosesNothing(t *testing.T) {
	story(t, []oiptest.Model{oiptest.Finder{}, oiptest.Finder{}}, func(t *testing.T, s *site, p *Processor) {
		finds(t, p, 200)
		s.servers[0].Stop()
		for range 10 {
			finds(t, p, 200, 100)
		}
		if f := p.Figures(); f[0].Value != 0 || !strings.Contains(s.told(), "calls go to grpc://b:1") {
			t.Errorf("%+v\n%s", f, s.told())
		}
	})
}

func TestAServerWithoutSense(t *testing.T) {
	nan := func(a *oippb.ModelInferResponse) {
		values := tensor.View[float32](a.RawOutputContents[0])
		for i := range values {
			values[i] = float32(math.NaN())
		}
	}
	story(t, []oiptest.Model{oiptest.Finder{}}, func(t *testing.T, s *site, p *Processor) {
		s.servers[0].Behave(oiptest.Behaviour{Twist: nan, Once: true})
		batch := gray(200)
		if err := p.Process(context.Background(), batch); err != nil || batch[0].Output.Detections != nil {
			t.Errorf("%v, %v; want nothing found", batch[0].Output, err)
		}
		s.servers[0].Behave(oiptest.Behaviour{Once: true, Twist: func(a *oippb.ModelInferResponse) { a.Outputs[0].Shape[1]-- }})
		wants(t, p.Process(context.Background(), gray(200)), `output "output": has shape [1 83 7], must have [1 84 7]`)
		finds(t, p, 200)
	})
}

func TestABatchEndsBeforeItCountsAsHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, oiptest.Finder{Batch: 1})
		cfg, o := s.config(t), s.options()
		o.HangTimeout = 2 * time.Second
		p := started(t, cfg, o)
		defer p.Stop()
		s.servers[0].Behave(oiptest.Behaviour{Delay: 800 * time.Millisecond})
		began := time.Now()
		err := p.Process(context.Background(), gray(200, 200, 200, 200)) // one call each
		wants(t, err, "not done within 1.8s", "given up while waiting for grpc://a:1")
		if took := time.Since(began); took >= o.HangTimeout {
			t.Errorf("took %v", took)
		}
	})
}

func TestStartRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		model  oiptest.Model
		change func(*site, *Config)
		wants  []string
	}{
		"nobody there": {oiptest.Finder{}, func(s *site, _ *Config) { s.servers[0].Stop() }, []string{"no endpoint", "grpc://a:1", "refused"}},
		"no detector":  {oiptest.Sum{Type: tensor.Float32, Values: 3}, nil, []string{"in float32 [?, 3]"}},
		"labels":       {oiptest.Finder{}, func(_ *site, c *Config) { c.Labels = "coco" }, []string{"80"}},
		"classes":      {oiptest.Finder{}, func(_ *site, c *Config) { c.Classes = []string{"horse"} }, []string{"horse", "cat"}},
		"batch":        {oiptest.Finder{Most: 2}, nil, []string{"a batch of 4, at most 2 are taken", "lower batch.max_batch_size"}},
		"warming up": {oiptest.Finder{}, func(s *site, _ *Config) {
			s.servers[0].Behave(oiptest.Behaviour{Code: codes.Internal, Text: "no memory on the device"})
		}, []string{"no memory on the device"}},
		"token": {oiptest.Finder{}, func(s *site, c *Config) {
			s.servers[0].Behave(oiptest.Behaviour{Token: "right-one"})
			c.Token, c.AllowPlaintextToken = secret.New("wrong-one"), true
		}, []string{"check `token`"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, c.model)
				cfg := s.config(t)
				if c.change != nil {
					c.change(s, &cfg)
				}
				p, err := New(cfg, s.options())
				if err != nil {
					t.Fatal(err)
				}
				err = p.Start(context.Background())
				wants(t, err, append(c.wants, "oip: ")...)
				if strings.Contains(err.Error(), "wrong-one") {
					t.Errorf("shows the token: %v", err)
				}
				if err := p.Stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestStartsWithAStandIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, oiptest.Finder{}, oiptest.Finder{})
		s.servers[0].Stop()
		p := started(t, s.config(t), s.options())
		finds(t, p, 200)
		if told := s.told(); !strings.Contains(told, "endpoint grpc://a:1") || !strings.Contains(told, "model model at grpc://b:1") {
			t.Errorf("notices:\n%s", told)
		}
		p.Stop()
		s.up(0)
		if err := p.Start(context.Background()); err != nil { // once more
			t.Fatal(err)
		}
		finds(t, p, 200)
		p.Stop()
	})
}
