package client

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oiptest"
)

// A server goes away and comes back: calls go on at the other, nothing fails,
// and the first is used again once it has said that it is ready.
func TestFailoverAndReturn(t *testing.T) {
	play(t, 2, nil, func(t *testing.T, r *rig) {
		r.connect()
		r.mustInfer()
		r.servers[0].Stop()
		for range 10 {
			r.mustInfer()
		}
		if asked := r.asked(); !slices.Equal(asked, []int{1, 10}) {
			t.Errorf("asked %v, want 1 and 10", asked)
		}
		f := r.Figures()
		if e := f.Endpoints[0]; e.Up || e.Outages != 1 || e.Calls != 1+failuresToLeave || e.Failures != failuresToLeave {
			t.Errorf("first endpoint: %+v", e)
		}
		if f.Retries != failuresToLeave || !f.Endpoints[1].Up {
			t.Errorf("%+v", f)
		}
		if told := r.told(); !strings.Contains(told, "endpoint grpc://a:1: Unavailable") || !strings.Contains(told, "refused") ||
			!strings.Contains(told, "calls go to grpc://b:1") || strings.Count(told, "\n") != 0 {
			t.Errorf("notices:\n%s", told)
		}

		r.servers[0].Behave(oiptest.Behaviour{NotReady: true})
		r.servers[0].Serve(r.network.Listen(address(0)))
		time.Sleep(time.Minute)
		r.mustInfer()
		if asked := r.asked(); asked[0] != 1 {
			t.Error("a server that is not ready was used")
		}
		r.servers[0].Behave(oiptest.Behaviour{})
		time.Sleep(2 * longestPause)
		r.mustInfer()
		if asked := r.asked(); asked[0] != 2 {
			t.Error("the first endpoint is not used again")
		}
		if told := r.told(); !strings.Contains(told, "endpoint grpc://a:1 is in use again") {
			t.Errorf("notices:\n%s", told)
		}
	})
}

// Restarted between two calls: the connection is gone, and the call that meets
// that is made again on a new one.
func TestRestartOfTheOnlyServer(t *testing.T) {
	play(t, 1, nil, func(t *testing.T, r *rig) {
		r.connect()
		for range 5 {
			r.mustInfer()
			r.servers[0].Stop()
			r.servers[0].Serve(r.network.Listen(address(0)))
			r.mustInfer()
		}
		if f := r.Figures(); !f.Endpoints[0].Up || f.Endpoints[0].Outages != 0 {
			t.Errorf("%+v", f)
		}
	})
}

func TestAConnectionCutInTheMiddle(t *testing.T) {
	play(t, 1, nil, func(t *testing.T, r *rig) {
		r.connect()
		r.servers[0].Behave(oiptest.Behaviour{Drop: true, Once: true})
		r.mustInfer()
		if asked := r.asked(); asked[0] != 2 || r.Figures().Retries != 1 {
			t.Errorf("asked %v, %d retries; want the call made again once", asked, r.Figures().Retries)
		}
	})
}

// The network drops everything: nothing is refused, nothing answered.
func TestABlackHole(t *testing.T) {
	play(t, 1, nil, func(t *testing.T, r *rig) {
		r.connect()
		r.servers[0].Behave(oiptest.Behaviour{Delay: time.Hour})
		for range failuresToLeave {
			r.mustFail("deadline")
		}
		began := time.Now()
		r.mustFail("no endpoint can be used for the model model", "grpc://a:1: no answer within the deadline")
		if took := time.Since(began); took != 0 {
			t.Errorf("with no endpoint in use a call took %v", took)
		}
		if told := r.told(); !strings.Contains(told, "no endpoint is left") {
			t.Errorf("notices:\n%s", told)
		}
		// It says that it is ready and answers no call: the pauses grow.
		before := r.asked()[0]
		for range 600 {
			time.Sleep(time.Second / 2)
			r.infer()
		}
		if calls := r.asked()[0] - before; calls > 16 || calls < 8 {
			t.Errorf("%d calls in 5 minutes to a server that never answers", calls)
		}
		r.servers[0].Behave(oiptest.Behaviour{})
		time.Sleep(2 * longestPause)
		r.mustInfer()
	})
}

func TestAllOutNamesEach(t *testing.T) {
	play(t, 3, nil, func(t *testing.T, r *rig) {
		r.connect()
		r.servers[0].Behave(oiptest.Behaviour{Code: codes.NotFound, Text: "no such model"})
		r.servers[1].Stop()
		r.servers[2].Behave(oiptest.Behaviour{Code: codes.Internal, Text: "out of memory"})
		for range 10 {
			r.infer()
		}
		r.mustFail("grpc://a:1: does not have the model (no such model)", "grpc://b:1: Unavailable", "refused", "grpc://c:1: Internal: out of memory")
	})
}

func TestConnect(t *testing.T) {
	t.Run("nobody there", func(t *testing.T) {
		play(t, 2, nil, func(t *testing.T, r *rig) {
			r.servers[0].Stop()
			r.servers[1].Behave(oiptest.Behaviour{NotReady: true})
			_, err := r.Connect(t.Context())
			wants(t, err, "no endpoint can be used for the model model", "grpc://a:1: Unavailable", "grpc://b:1: the server is not ready")
		})
	})
	t.Run("unknown model", func(t *testing.T) {
		play(t, 1, func(_ *rig, o *Options) { o.Model, o.Version = "other", "7" }, func(t *testing.T, r *rig) {
			_, err := r.Connect(t.Context())
			wants(t, err, "other:7", "`model` and `model_version`")
		})
	})
	t.Run("one of two", func(t *testing.T) {
		play(t, 2, nil, func(t *testing.T, r *rig) {
			r.servers[0].Stop()
			r.connect()
			r.mustInfer()
			if told := r.told(); !strings.Contains(told, "endpoint grpc://a:1: Unavailable") {
				t.Errorf("notices: %s", told)
			}
			r.servers[0].Serve(r.network.Listen(address(0)))
			time.Sleep(longestPause)
			r.mustInfer()
			if asked := r.asked(); !slices.Equal(asked, []int{1, 1}) {
				t.Errorf("asked %v", asked)
			}
		})
	})
	t.Run("one never answers", func(t *testing.T) {
		play(t, 2, func(r *rig, _ *Options) { r.network.Hole(address(0)) }, func(t *testing.T, r *rig) {
			began := time.Now()
			r.connect()
			if took := time.Since(began); took > visitTime {
				t.Errorf("took %v", took)
			}
			r.mustInfer()
		})
	})
	t.Run("given up", func(t *testing.T) {
		play(t, 1, func(r *rig, _ *Options) { r.network.Hole(address(0)) }, func(t *testing.T, r *rig) {
			ctx, cancel := contextOf(time.Second)
			defer cancel()
			began := time.Now()
			if _, err := r.Connect(ctx); err == nil || time.Since(began) != time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		})
	})
}

// A stand-in with another model of the same name would give other results
// without a word.
func TestEndpointsMustHaveTheSameModel(t *testing.T) {
	play(t, 2, func(r *rig, _ *Options) {
		r.servers[1] = oiptest.NewServer(oiptest.Sum{Type: tensor.Float32, Values: 4})
	}, func(t *testing.T, r *rig) {
		r.connect()
		if f := r.Figures(); !f.Endpoints[0].Up || f.Endpoints[1].Up {
			t.Errorf("%+v", f)
		}
		if told := r.told(); !strings.Contains(told, "grpc://b:1") || !strings.Contains(told, "[? 4]") && !strings.Contains(told, "[?, 4]") {
			t.Errorf("notices: %s", told)
		}
	})
}

func TestSpread(t *testing.T) {
	play(t, 3, func(_ *rig, o *Options) { o.Spread = true }, func(t *testing.T, r *rig) {
		r.connect()
		for range 30 {
			r.mustInfer()
		}
		if asked := r.asked(); !slices.Equal(asked, []int{10, 10, 10}) {
			t.Errorf("asked %v, want 10 each", asked)
		}
		r.servers[1].Stop()
		for range 30 {
			r.mustInfer()
		}
		if asked := r.asked(); asked[1] != 10 || asked[0]+asked[2] != 50 {
			t.Errorf("asked %v", asked)
		}
	})
}

// Servers that fail half of all calls get at most the budget on top of them.
func TestRetryBudget(t *testing.T) {
	play(t, 2, nil, func(t *testing.T, r *rig) {
		r.connect()
		for _, s := range r.servers {
			s.Behave(oiptest.Behaviour{Code: codes.ResourceExhausted, Text: "queue is full"})
		}
		const calls = 1000
		for range calls {
			r.mustFail("ResourceExhausted: queue is full")
		}
		asked := r.asked()
		f := r.Figures()
		if extra := asked[0] + asked[1] - calls; extra > calls/5+most || extra < calls/6 || f.Retries != uint64(extra) || f.Refused != calls-f.Retries {
			t.Errorf("%d extra calls for %d, counted %d and %d refused", extra, calls, f.Retries, f.Refused)
		}
	})
}

func TestCloseEndsEverything(t *testing.T) {
	play(t, 2, nil, func(t *testing.T, r *rig) {
		r.connect()
		r.servers[0].Stop()
		r.servers[1].Behave(oiptest.Behaviour{Delay: time.Hour})
		for range failuresToLeave {
			r.infer()
		}
		ended := make(chan error)
		go func() { ended <- r.infer() }()
		synctest.Wait()
		r.Close()
		if err := <-ended; err == nil {
			t.Error("a call outlived Close")
		}
		r.Close()
	})
}
