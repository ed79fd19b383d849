package modelfile

import "encoding/binary"

// The writer's side of the wire format, for models made in tests.

func tag(b []byte, number, wire int) []byte {
	return binary.AppendUvarint(b, uint64(number<<3|wire))
}

func number(n int, v uint64) []byte {
	return binary.AppendUvarint(tag(nil, n, wireVarint), v)
}

func bytesField(n int, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	b := binary.AppendUvarint(tag(nil, n, wireBytes), uint64(len(body)))
	return append(b, body...)
}

func text(n int, s string) []byte { return bytesField(n, []byte(s)) }

func tensorValue(n int, name string, element uint64, dims ...[]byte) []byte {
	return bytesField(n, text(valueName, name),
		bytesField(valueType, bytesField(typeTensor, number(tensorElement, element), bytesField(tensorShape, dims...))))
}

func fixedDim(v uint64) []byte { return bytesField(shapeDim, number(dimSize, v)) }

func namedDim(s string) []byte { return bytesField(shapeDim, text(dimName, s)) }
