package modelfile

import (
	"errors"
	"fmt"
	"io"
)

// maxText bounds a string that is read: names, and metadata, which may hold
// class names.
const maxText = 1 << 20

var errTruncated = errors.New("it ends in the middle (truncated?)")

// message is a range of the file that holds a protobuf message. Only what is
// asked for is read; weights are stepped over.
type message struct {
	src     *source
	at, end int64
}

// source reads single bytes at any position through one window.
type source struct {
	r      io.ReaderAt
	window [4096]byte
	start  int64
	n      int
}

func newMessage(r io.ReaderAt, size int64) *message {
	return &message{src: &source{r: r}, end: size}
}

func (s *source) byteAt(at int64) (byte, error) {
	if at < s.start || at >= s.start+int64(s.n) {
		n, err := s.r.ReadAt(s.window[:], at)
		if n == 0 {
			return 0, err
		}
		s.start, s.n = at, n
	}
	return s.window[at-s.start], nil
}

// field is one field of a message: a number, or a range of bytes.
type field struct {
	number int
	value  uint64
	// bytes is the field's range; nil when it is a number.
	bytes *message
}

// Wire types of protobuf.
const (
	wireVarint, wire64, wireBytes, wire32 = 0, 1, 2, 5
)

// each calls visit with every field in order and stops at the first error.
func (m *message) each(visit func(field) error) error {
	for m.at < m.end {
		f, err := m.next()
		if err != nil {
			return err
		}
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

func (m *message) next() (field, error) {
	tag, err := m.varint()
	if err != nil {
		return field{}, err
	}
	f := field{number: int(tag >> 3 & 0x1fffffff)}
	if f.number == 0 {
		return field{}, fmt.Errorf("no protobuf field at byte %d", m.at)
	}
	switch wire := tag & 7; wire {
	case wireVarint:
		f.value, err = m.varint()
	case wire64:
		err = m.skip(8)
	case wire32:
		err = m.skip(4)
	case wireBytes:
		f.bytes, err = m.sub()
	default:
		err = fmt.Errorf("no protobuf field at byte %d", m.at)
	}
	return f, err
}

func (m *message) varint() (uint64, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		if m.at >= m.end {
			return 0, errTruncated
		}
		b, err := m.src.byteAt(m.at)
		if err != nil {
			return 0, fmt.Errorf("reading byte %d: %w", m.at, err)
		}
		m.at++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, fmt.Errorf("no protobuf number at byte %d", m.at)
}

func (m *message) sub() (*message, error) {
	n, err := m.varint()
	if err != nil {
		return nil, err
	}
	start := m.at
	if err := m.skip(n); err != nil {
		return nil, err
	}
	return &message{src: m.src, at: start, end: m.at}, nil
}

func (m *message) skip(n uint64) error {
	if n > uint64(m.end-m.at) {
		return errTruncated
	}
	m.at += int64(n)
	return nil
}

// again is the field for one more reader: reading moves a message's position.
func (f field) again() field {
	if f.bytes != nil {
		body := *f.bytes
		f.bytes = &body
	}
	return f
}

func (f field) each(visit func(field) error) error {
	if f.bytes == nil {
		return fmt.Errorf("field %d is a number, must be a message", f.number)
	}
	return f.bytes.each(visit)
}

func (f field) integer() (int64, error) {
	if f.bytes != nil {
		return 0, fmt.Errorf("field %d must be a number", f.number)
	}
	return int64(f.value), nil
}

func (f field) text() (string, error) {
	if f.bytes == nil {
		return "", fmt.Errorf("field %d is a number, must be text", f.number)
	}
	n := f.bytes.end - f.bytes.at
	if n > maxText {
		return "", fmt.Errorf("a text of %d bytes, at most %d are read", n, maxText)
	}
	b := make([]byte, n)
	if read, err := f.bytes.src.r.ReadAt(b, f.bytes.at); read < len(b) {
		return "", fmt.Errorf("reading %d bytes at %d: %w", n, f.bytes.at, err)
	}
	return string(b), nil
}
