package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

const magic = "nvpipe-trace "

// ErrForeign: the file is not a trace.
var ErrForeign = errors.New("this is not a trace of nvpipe: those begin with \"" + magic + "\"")

// Reader reads a trace.
type Reader struct {
	header  Header
	scanner *bufio.Scanner
	line    int // the number of the one read last
	records int64
	cut     bool // the last line is not whole
	ended   bool
}

// NewReader reads the header. The error is ErrForeign for a file of another kind,
// and names both versions for a trace of another version.
func NewReader(r io.Reader) (*Reader, error) {
	b := bufio.NewReader(r)
	switch begin, err := b.Peek(len(magic)); {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case string(begin) != magic:
		return nil, ErrForeign
	}
	t := &Reader{scanner: bufio.NewScanner(b)}
	t.scanner.Buffer(make([]byte, 0, 64<<10), maxLine)
	t.scanner.Split(t.wholeLines)
	if !t.scanner.Scan() {
		return nil, errors.Join(errors.New("the trace ends within its first line: nothing was recorded"), t.scanner.Err())
	}
	t.line = 1
	version, text, _ := strings.Cut(strings.TrimPrefix(t.scanner.Text(), magic), " ")
	if version != strconv.Itoa(Version) {
		return nil, fmt.Errorf("the trace has version %q of the format; this nvpipe reads version %d: use the nvpipe that wrote it", version, Version)
	}
	err := json.Unmarshal([]byte(text), &t.header)
	if err == nil {
		err = t.header.check()
	}
	if err != nil {
		return nil, fmt.Errorf("the trace's first line is damaged: %w", err)
	}
	return t, nil
}

// wholeLines splits at newlines; what follows the last is left out.
func (t *Reader) wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF {
		t.cut = len(data) > 0
		return len(data), nil, nil
	}
	return 0, nil, nil
}

// Header is what the file begins with.
func (t *Reader) Header() Header { return t.header }

// Line is the number in the file of the record read last.
func (t *Reader) Line() int { return t.line }

// Ended says, after io.EOF, whether the trace goes on until its coordinator
// ended. One that does not was still being written, was followed by another file,
// or its last lines are missing; what was read is good.
func (t *Reader) Ended() bool { return t.ended }

// Cut says, after io.EOF, whether a line was begun and not finished. It is left out.
func (t *Reader) Cut() bool { return t.cut }

// Next returns the next record, or io.EOF after the last whole one. Any other
// error names the line that is damaged; nothing can be read after it.
func (t *Reader) Next() (Record, error) {
	if !t.scanner.Scan() {
		if err := t.scanner.Err(); err != nil {
			return Record{}, fmt.Errorf("line %d: %w", t.line+1, err)
		}
		return Record{}, io.EOF
	}
	t.line++
	r, err := t.parse(t.scanner.Bytes())
	if err != nil {
		return Record{}, fmt.Errorf("line %d is damaged: %w", t.line, err)
	}
	if missing := r.Value - t.records; r.Kind == KindBatch && missing != 0 {
		return Record{}, fmt.Errorf("line %d is the batch after %d records, but %d are before it: lines are missing, or were put in", t.line, r.Value, t.records)
	}
	t.records++
	t.ended = r.Kind == KindEnd
	return r, nil
}

func (t *Reader) parse(line []byte) (r Record, err error) {
	if len(line) < 3 || line[1] != ' ' || !strings.Contains(kinds, string(line[:1])) {
		return r, errors.New("it does not begin with a kind of record")
	}
	r.Kind = Kind(line[0])
	fields := fields{rest: line[2:]}
	r.Lane, r.At = int(fields.number()), time.Duration(fields.number())
	switch r.Kind {
	case KindState:
		r.State = &State{}
		if err = json.Unmarshal(fields.rest, r.State); err == nil {
			err = r.State.check()
		}
	case KindAttached:
		r.Line = &Line{}
		if err = json.Unmarshal(fields.rest, r.Line); err == nil {
			err = r.Line.check()
		}
	default:
		r.Feed, r.N, r.Value = int(fields.number()), fields.number(), fields.number()
		for len(fields.rest) > 0 && fields.err == nil {
			r.Entries = append(r.Entries, uint64(fields.number()))
		}
	}
	if err = errors.Join(fields.err, err); err == nil && (r.Lane < 0 || r.Lane >= t.header.Lanes || r.At < 0) {
		err = fmt.Errorf("lane %d at %v: the trace has %d lanes", r.Lane, r.At, t.header.Lanes)
	}
	return r, err
}

// fields are the numbers of a line; a missing one is 0.
type fields struct {
	rest []byte
	err  error
}

func (f *fields) number() int64 {
	if len(f.rest) == 0 {
		return 0
	}
	var text []byte
	text, f.rest, _ = bytes.Cut(f.rest, []byte{' '})
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		f.err = err
	}
	return n
}
