package oiptest

import (
	"net"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The server is one of the protocol also to a client that is not ours.
func TestServerOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(Sum{Type: tensor.Float32, Values: 2})
	s.Serve(l)
	defer s.Stop()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := oippb.NewGRPCInferenceServiceClient(conn)
	m, err := client.ModelMetadata(t.Context(), &oippb.ModelMetadataRequest{Name: Name})
	if err != nil || m.GetInputs()[0].GetDatatype() != "FP32" || m.GetInputs()[0].GetShape()[0] != -1 {
		t.Fatalf("%v, %v", m, err)
	}
	answer, err := client.ModelInfer(t.Context(), &oippb.ModelInferRequest{
		ModelName:        Name,
		Inputs:           []*oippb.ModelInferRequest_InferInputTensor{{Name: "in", Datatype: "FP32", Shape: []int64{1, 2}}},
		RawInputContents: [][]byte{tensor.Bytes([]float32{3, 4})},
	})
	if err != nil || tensor.View[float32](answer.GetRawOutputContents()[0])[0] != 7 {
		t.Fatalf("%v, %v", answer, err)
	}
	if n, _ := s.Calls(); n != 1 {
		t.Errorf("%d calls", n)
	}
	s.Stop()
	if _, err := client.ModelReady(t.Context(), &oippb.ModelReadyRequest{Name: Name}); err == nil {
		t.Error("answers after Stop")
	}
}
