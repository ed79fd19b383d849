package client

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
)

// Whatever a server answers, what is taken for an output has the type, a shape
// that fits and as many values as the shape says.
func FuzzAnswered(f *testing.F) {
	for _, a := range []*oippb.ModelInferResponse{
		{},
		{Outputs: []*oippb.ModelInferResponse_InferOutputTensor{{Name: "out", Datatype: "FP32", Shape: []int64{1, 2}}}, RawOutputContents: [][]byte{make([]byte, 8)}},
		{Outputs: []*oippb.ModelInferResponse_InferOutputTensor{{Name: "out", Datatype: "FP32", Shape: []int64{1, 2}, Contents: &oippb.InferTensorContents{Fp32Contents: []float32{1, 2}}}}},
		{Outputs: []*oippb.ModelInferResponse_InferOutputTensor{{Name: "ids", Datatype: "INT64", Shape: []int64{3}, Contents: &oippb.InferTensorContents{Int64Contents: []int64{1, 2, 3}}}}},
		{Outputs: []*oippb.ModelInferResponse_InferOutputTensor{{Name: "out", Datatype: "FP32", Shape: []int64{-1, 1 << 62}}}, RawOutputContents: [][]byte{nil}},
	} {
		data, err := proto.Marshal(a)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var a oippb.ModelInferResponse
		if proto.Unmarshal(data, &a) != nil {
			return
		}
		for _, want := range []Output{
			{"out", tensor.Float32, []int64{1, 2}}, {"out", tensor.Float32, []int64{0, 0}}, {"out", tensor.Uint8, []int64{0}},
			{"out", tensor.Float16, []int64{0, 2}}, {"ids", tensor.Int64, []int64{0}}, {"ids", tensor.Int32, []int64{0, 4}},
		} {
			out, err := answered(&a, []Output{want})
			if err != nil {
				continue
			}
			if o := out[0]; o.Type != want.Type || !fits(o.Shape, want.Shape) || len(o.Data) != tensor.Len(o.Shape)*o.Type.Size() {
				t.Errorf("wanted %+v, got %v %v with %d bytes", want, o.Type, o.Shape, len(o.Data))
			}
		}
	})
}
