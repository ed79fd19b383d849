package client

import (
	"strings"

	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oippb"
)

// datatypes are the protocol's names of types; those without a name of their
// own in package tensor are there so that messages can show them.
var datatypes = map[string]tensor.Type{
	"FP32": tensor.Float32, "FP16": tensor.Float16, "FP64": tensor.Float64,
	"UINT8": tensor.Uint8, "INT32": tensor.Int32, "INT64": tensor.Int64,
	"INT8": 3, "UINT16": 4, "INT16": 5, "BYTES": 8, "BOOL": 9, "UINT32": 12, "UINT64": 13, "BF16": 16,
}

func datatype(t tensor.Type) string {
	for name, is := range datatypes {
		if is == t {
			return name
		}
	}
	return t.String()
}

// description turns a server's words about a model into ours. An open dimension
// is -1 there; some servers say 0.
func description(m *oippb.ModelMetadataResponse) tensor.Model {
	values := func(all []*oippb.ModelMetadataResponse_TensorMetadata) (values []tensor.Value) {
		for _, one := range all {
			v := tensor.Value{Name: one.GetName(), Type: datatypes[strings.TrimPrefix(one.GetDatatype(), "TYPE_")], Shape: []tensor.Dim{}}
			for _, size := range one.GetShape() {
				v.Shape = append(v.Shape, tensor.Dim{Size: max(size, 0)})
			}
			values = append(values, v)
		}
		return values
	}
	return tensor.Model{Inputs: values(m.GetInputs()), Outputs: values(m.GetOutputs())}
}
