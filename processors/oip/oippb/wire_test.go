package oippb

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// The interface as published, one line per method and message: what servers
// understand is exactly this.
const published = `
rpc /inference.GRPCInferenceService/ModelInfer inference.ModelInferRequest inference.ModelInferResponse
rpc /inference.GRPCInferenceService/ModelMetadata inference.ModelMetadataRequest inference.ModelMetadataResponse
rpc /inference.GRPCInferenceService/ModelReady inference.ModelReadyRequest inference.ModelReadyResponse
rpc /inference.GRPCInferenceService/ServerLive inference.ServerLiveRequest inference.ServerLiveResponse
rpc /inference.GRPCInferenceService/ServerMetadata inference.ServerMetadataRequest inference.ServerMetadataResponse
rpc /inference.GRPCInferenceService/ServerReady inference.ServerReadyRequest inference.ServerReadyResponse
inference.InferParameter: 1 bool_param bool, 2 int64_param int64, 3 string_param string, 4 double_param double, 5 uint64_param uint64
inference.InferTensorContents: 1 bool_contents []bool, 2 int_contents []int32, 3 int64_contents []int64, 4 uint_contents []uint32, 5 uint64_contents []uint64, 6 fp32_contents []float, 7 fp64_contents []double, 8 bytes_contents []bytes
inference.ModelInferRequest: 1 model_name string, 2 model_version string, 3 id string, 4 parameters map[string]InferParameter, 5 inputs []InferInputTensor, 6 outputs []InferRequestedOutputTensor, 7 raw_input_contents []bytes
inference.ModelInferRequest.InferInputTensor: 1 name string, 2 datatype string, 3 shape []int64, 4 parameters map[string]InferParameter, 5 contents InferTensorContents
inference.ModelInferRequest.InferRequestedOutputTensor: 1 name string, 2 parameters map[string]InferParameter
inference.ModelInferResponse: 1 model_name string, 2 model_version string, 3 id string, 4 parameters map[string]InferParameter, 5 outputs []InferOutputTensor, 6 raw_output_contents []bytes
inference.ModelInferResponse.InferOutputTensor: 1 name string, 2 datatype string, 3 shape []int64, 4 parameters map[string]InferParameter, 5 contents InferTensorContents
inference.ModelMetadataRequest: 1 name string, 2 version string
inference.ModelMetadataResponse: 1 name string, 2 versions []string, 3 platform string, 4 inputs []TensorMetadata, 5 outputs []TensorMetadata
inference.ModelMetadataResponse.TensorMetadata: 1 name string, 2 datatype string, 3 shape []int64
inference.ModelReadyRequest: 1 name string, 2 version string
inference.ModelReadyResponse: 1 ready bool
inference.ServerLiveRequest:
inference.ServerLiveResponse: 1 live bool
inference.ServerMetadataRequest:
inference.ServerMetadataResponse: 1 name string, 2 version string, 3 extensions []string
inference.ServerReadyRequest:
inference.ServerReadyResponse: 1 ready bool
`

func TestTheInterfaceIsThePublishedOne(t *testing.T) {
	var lines []string
	services := File_open_inference_proto.Services()
	for i := range services.Len() {
		methods := services.Get(i).Methods()
		for j := range methods.Len() {
			m := methods.Get(j)
			lines = append(lines, fmt.Sprintf("rpc /%s/%s %s %s", services.Get(i).FullName(), m.Name(), m.Input().FullName(), m.Output().FullName()))
		}
	}
	lines = append(lines, describe(File_open_inference_proto.Messages())...)
	slices.Sort(lines)
	want := strings.Split(strings.TrimSpace(published), "\n")
	slices.Sort(want)
	for _, line := range want {
		if !slices.Contains(lines, line) {
			t.Errorf("missing:\n%s", line)
		}
	}
	for _, line := range lines {
		if !slices.Contains(want, line) {
			t.Errorf("not published:\n%s", line)
		}
	}
}

func describe(messages protoreflect.MessageDescriptors) (lines []string) {
	for i := range messages.Len() {
		m := messages.Get(i)
		if m.IsMapEntry() {
			continue
		}
		var fields []string
		for j := range m.Fields().Len() {
			f := m.Fields().Get(j)
			fields = append(fields, fmt.Sprintf("%d %s %s", f.Number(), f.Name(), typeOf(f)))
		}
		lines = append(lines, strings.TrimSpace(string(m.FullName())+": "+strings.Join(fields, ", ")))
		lines = append(lines, describe(m.Messages())...)
	}
	return lines
}

func typeOf(f protoreflect.FieldDescriptor) string {
	if f.IsMap() {
		return "map[" + typeOf(f.MapKey()) + "]" + typeOf(f.MapValue())
	}
	name := f.Kind().String()
	if f.Kind() == protoreflect.MessageKind {
		name = string(f.Message().Name())
	}
	if f.IsList() {
		name = "[]" + name
	}
	return name
}
