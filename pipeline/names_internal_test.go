package pipeline

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

// Names are what others filter by: each is there, and no two are the same.
func TestNames(t *testing.T) {
	names := func(what string, n int, name func(int) fmt.Stringer) {
		seen := map[string]bool{}
		for i := range n {
			s := name(i).String()
			if s == "" || s == "unknown" || seen[s] {
				t.Errorf("%s %d is named %q", what, i, s)
			}
			seen[s] = true
		}
		if s := name(n).String(); s != "unknown" {
			t.Errorf("%s past the last is named %q", what, s)
		}
	}
	names("state", len(States()), func(i int) fmt.Stringer { return State(i) })
	names("graph event", int(EventNotice)+1, func(i int) fmt.Stringer { return EventKind(i) })
	names("event", int(LensClear)+1, func(i int) fmt.Stringer { return EventType(i) })
}

func TestReasonTravelsWithTheError(t *testing.T) {
	err := fmt.Errorf("start: %w", &Error{ReasonBusy, io.EOF})
	if r := reasonOf(err, ReasonLost); r != ReasonBusy {
		t.Errorf("reason %q", r)
	}
	if r := reasonOf(io.EOF, ReasonLost); r != ReasonLost {
		t.Errorf("reason %q of an error without one", r)
	}
	if !errors.Is(err, io.EOF) || plain(err) != "EOF" || err.Error() != "start: busy: EOF" {
		t.Errorf("%v, plain %q", err, plain(err))
	}
}
