package client

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
	"github.com/nvpipe/nvpipe/processors/oip/oiptest"
)

func TestTheModelIsDescribed(t *testing.T) {
	play(t, 1, nil, func(t *testing.T, r *rig) {
		m, err := r.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := m.Inputs[0].String(), "in float32 [?, 3]"; got != want {
			t.Errorf("input %s, want %s", got, want)
		}
		if got, want := m.Outputs[0].String(), "out float32 [?, 2]"; got != want {
			t.Errorf("output %s, want %s", got, want)
		}
	})
}

func TestValuesGoAndComeRawOrTyped(t *testing.T) {
	for _, typed := range []bool{false, true} {
		play(t, 1, nil, func(t *testing.T, r *rig) {
			r.connect()
			r.servers[0].Behave(oiptest.Behaviour{Typed: typed})
			in := []Input{{"in", tensor.Tensor{Type: tensor.Float32, Shape: []int64{2, 3}, Data: tensor.Bytes([]float32{1, 2, 3, 40, 50, 60})}}}
			out, err := r.Infer(t.Context(), Call{in, sumsOut, time.Second})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := tensor.View[float32](out[0].Data), []float32{6, 1, 150, 40}; !slices.Equal(got, want) {
				t.Errorf("typed %v: %v, want %v", typed, got, want)
			}
			_, request := r.servers[0].Calls()
			if raw := request.GetRawInputContents(); len(raw) != 1 || !slices.Equal(raw[0][:4], []byte{0, 0, 0x80, 0x3f}) || request.GetInputs()[0].GetContents() != nil {
				t.Errorf("sent as %v, want raw little-endian values and nothing else", request)
			}
		})
	}
}

func TestBytePictures(t *testing.T) {
	play(t, 1, func(r *rig, _ *Options) {
		r.servers[0] = oiptest.NewServer(oiptest.Sum{Type: tensor.Uint8, Values: 3})
	}, func(t *testing.T, r *rig) {
		r.connect()
		in := []Input{{"in", tensor.Tensor{Type: tensor.Uint8, Shape: []int64{1, 3}, Data: []byte{100, 200, 255}}}}
		out, err := r.Infer(t.Context(), Call{in, sumOut, time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if got := tensor.View[float32](out[0].Data)[0]; got != 555 {
			t.Errorf("sum %v, want 555", got)
		}
	})
}

func TestWrongAnswersSayWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		twist func(*oippb.ModelInferResponse)
		wants []string
	}{
		"shape":      {func(a *oippb.ModelInferResponse) { a.Outputs[0].Shape = []int64{1, 3} }, []string{"has shape [1 3], must have [1 2]", `output "out"`}},
		"rank":       {func(a *oippb.ModelInferResponse) { a.Outputs[0].Shape = []int64{2} }, []string{"has shape [2], must have [1 2]"}},
		"huge shape": {func(a *oippb.ModelInferResponse) { a.Outputs[0].Shape = []int64{1 << 62, 1 << 62} }, []string{"has shape [", "must have [1 2]"}},
		"datatype":   {func(a *oippb.ModelInferResponse) { a.Outputs[0].Datatype = "FP16" }, []string{`has datatype "FP16", must have FP32`}},
		"name":       {func(a *oippb.ModelInferResponse) { a.Outputs[0].Name = "other" }, []string{"is missing from the answer", `"other"`}},
		"none":       {func(a *oippb.ModelInferResponse) { a.Outputs, a.RawOutputContents = nil, nil }, []string{"is missing from the answer"}},
		"short":      {func(a *oippb.ModelInferResponse) { a.RawOutputContents[0] = a.RawOutputContents[0][:5] }, []string{"has 5 bytes of values, must have 8"}},
		"two raws":   {func(a *oippb.ModelInferResponse) { a.RawOutputContents = append(a.RawOutputContents, nil) }, []string{"2 raw contents for 1 outputs"}},
		"no values":  {func(a *oippb.ModelInferResponse) { a.RawOutputContents = nil }, []string{"has 0 bytes of values, must have 8"}},
		"wrong typed": {func(a *oippb.ModelInferResponse) {
			a.RawOutputContents = nil
			a.Outputs[0].Contents = &oippb.InferTensorContents{IntContents: []int32{1}}
		}, []string{"has 0 bytes of values"}},
		"larger still": {func(a *oippb.ModelInferResponse) { a.RawOutputContents[0] = make([]byte, 2<<20) }, []string{"larger than max"}},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, 1, nil, func(t *testing.T, r *rig) {
				r.connect()
				r.servers[0].Behave(oiptest.Behaviour{Twist: c.twist})
				err := r.infer()
				wants(t, err, append(c.wants, "model model", "grpc://a:1")...)
				if len(err.Error()) > 600 {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
				r.servers[0].Behave(oiptest.Behaviour{})
				r.mustInfer()
			})
		})
	}
}

func TestOpenDimensions(t *testing.T) {
	for _, c := range []struct {
		shape []int64
		good  bool
	}{{[]int64{0, 2}, true}, {[]int64{0, 0}, true}, {[]int64{1, 0}, true}, {[]int64{2, 0}, false}, {[]int64{0, 0, 0}, false}} {
		play(t, 1, nil, func(t *testing.T, r *rig) {
			r.connect()
			_, err := r.Infer(t.Context(), Call{rowIn(), []Output{{"out", tensor.Float32, c.shape}}, time.Second})
			if (err == nil) != c.good {
				t.Errorf("wanted %v, got [1 2]: %v", c.shape, err)
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	play(t, 1, nil, func(t *testing.T, r *rig) {
		r.connect()
		r.servers[0].Behave(oiptest.Behaviour{Delay: time.Hour})
		began := time.Now()
		r.mustFail("grpc://a:1: no answer within the deadline")
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v, want the deadline of 1s", took)
		}
		if asked := r.asked(); asked[0] != 1 {
			t.Errorf("asked %d times: who was too slow is not asked again", asked[0])
		}
	})
}

func TestTooSlowIsTriedElsewhere(t *testing.T) {
	play(t, 2, nil, func(t *testing.T, r *rig) {
		r.connect()
		r.servers[0].Behave(oiptest.Behaviour{Delay: time.Hour})
		r.mustInfer()
		if asked := r.asked(); !slices.Equal(asked, []int{1, 1}) {
			t.Errorf("asked %v, want each once", asked)
		}
	})
}

func TestTheCallersEndIsNobodysFault(t *testing.T) {
	play(t, 2, nil, func(t *testing.T, r *rig) {
		r.connect()
		r.servers[0].Behave(oiptest.Behaviour{Delay: time.Hour})
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			err := r.inferWithin(ctx)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%v, want the context's error", err)
			}
		}
		f := r.Figures()
		if !f.Endpoints[0].Up || f.Endpoints[0].Failures != 0 || f.Retries != 0 {
			t.Errorf("%+v: want an endpoint without blame and no retries", f)
		}
	})
}

func TestNoRetryWithoutRoom(t *testing.T) {
	play(t, 2, nil, func(t *testing.T, r *rig) {
		r.connect()
		r.servers[0].Behave(oiptest.Behaviour{Delay: 400 * time.Millisecond, Code: codes.Unavailable, Text: "busy"})
		ctx, cancel := context.WithTimeout(t.Context(), 450*time.Millisecond)
		defer cancel()
		wants(t, r.inferWithin(ctx), "grpc://a:1: Unavailable: busy")
		if asked := r.asked(); asked[1] != 0 {
			t.Error("retried although the time left could not be enough")
		}
	})
}

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		code            codes.Code
		retried, blamed bool
		outAtOnce       bool
		wants           string
	}{
		{codes.Unavailable, true, true, false, "Unavailable"},
		{codes.Aborted, true, false, false, "Aborted"},
		{codes.ResourceExhausted, true, false, false, "ResourceExhausted"},
		{codes.Canceled, true, true, false, "Canceled"},
		{codes.Internal, false, true, false, "Internal"},
		{codes.Unknown, false, true, false, "why"},
		{codes.InvalidArgument, false, false, false, "InvalidArgument"},
		{codes.OutOfRange, false, false, false, "OutOfRange"},
		{codes.NotFound, false, true, true, "check `model`"},
		{codes.Unauthenticated, false, true, true, "check `token`"},
		{codes.PermissionDenied, false, true, true, "check `token`"},
		{codes.Unimplemented, false, true, true, "gRPC port"},
	} {
		t.Run(c.code.String(), func(t *testing.T) {
			play(t, 2, nil, func(t *testing.T, r *rig) {
				r.connect()
				r.servers[0].Behave(oiptest.Behaviour{Code: c.code, Text: "why"})
				err := r.infer()
				if c.retried != (err == nil) {
					t.Errorf("retried %v, want %v: %v", err == nil, c.retried, err)
				}
				if err != nil {
					wants(t, err, "grpc://a:1", c.wants, "why")
				}
				if up := r.Figures().Endpoints[0].Up; up == c.outAtOnce {
					t.Errorf("in use %v after one such failure", up)
				}
				for range 2 {
					r.infer()
				}
				if up := r.Figures().Endpoints[0].Up; up == c.blamed {
					t.Errorf("in use %v after three such failures", up)
				}
			})
		})
	}
}
