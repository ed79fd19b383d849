package client

import (
	"errors"
	"testing"
	"time"
)

func TestParseEndpoint(t *testing.T) {
	for text, want := range map[string]string{
		"grpc://triton:8001":          "grpc://triton:8001",
		"grpcs://10.0.0.7:443":        "grpcs://10.0.0.7:443",
		"grpc://[fe80::1]:8001":       "grpc://[fe80::1]:8001",
		"triton:8001":                 "",
		"http://triton:8000":          "",
		"grpc://triton":               "",
		"grpc://triton:0":             "",
		"grpc://triton:65536":         "",
		"grpc://:8001":                "",
		"grpc://triton:8001/v2":       "",
		"grpc://triton:8001?x=1":      "",
		"grpc://joe:pass@triton:8001": "",
		"grpc://joe:%zz@triton:8001":  "",
		"":                            "",
	} {
		e, err := ParseEndpoint(text)
		if want == "" {
			if err == nil {
				t.Errorf("%q: no error", text)
			} else {
				wants(t, err, "grpc://host:port")
			}
			continue
		}
		if err != nil || e.String() != want {
			t.Errorf("%q: %v, %v", text, e, err)
		}
	}
	for text, want := range map[string]bool{"grpc://localhost:1": true, "grpc://127.0.0.9:1": true, "grpc://[::1]:1": true, "grpc://host:1": false, "grpc://10.0.0.1:1": false} {
		if e, err := ParseEndpoint(text); err != nil || e.Local() != want {
			t.Errorf("%s is local: %v, want %v (%v)", text, e.Local(), want, err)
		}
	}
}

func TestBudget(t *testing.T) {
	b := newBudget()
	spent := func(calls int) (n int) {
		for range calls {
			b.call()
			for b.spend() {
				n++
			}
		}
		return n
	}
	if got := spent(1); got != most {
		t.Errorf("%d retries at the start, want %d", got, most)
	}
	if got := spent(100); got < 19 || got > 20 {
		t.Errorf("%d retries for 100 calls, want 20", got)
	}
	for range 10000 {
		b.call()
	}
	if got := spent(1); got != most {
		t.Errorf("%d retries after good times, want %d", got, most)
	}
}

func TestHealth(t *testing.T) {
	var h health
	why := errors.New("why")
	for i := range failuresToLeave - 1 {
		if h.failed(why, false) {
			t.Fatalf("left after %d failures", i+1)
		}
	}
	h.succeeded()
	for range failuresToLeave - 1 {
		h.failed(why, false)
	}
	if !h.failed(why, false) || !h.out {
		t.Fatal("did not leave after enough failures in a row")
	}
	if h.failed(why, false) {
		t.Error("left twice")
	}
	h.succeeded() // one that was under way
	if !h.out || h.reason == nil {
		t.Error("a late success brought it back")
	}
	last := time.Duration(0)
	for range 100 {
		low, high := h.pause(0), h.pause(1)
		if low < last*3/4 || low < firstPause*3/4 || high > longestPause*5/4 || high <= low {
			t.Errorf("pause of %v–%v after %v", low, high, last)
		}
		last = h.pause(0.5)
		h.back()
		if !h.failed(why, false) {
			t.Error("one failure after coming back must be enough")
		}
	}
	if last != longestPause {
		t.Errorf("the longest pause is %v, want %v", last, longestPause)
	}
	h.back()
	h.succeeded()
	h.failed(why, true)
	if p := h.pause(0.5); !h.out || p != firstPause {
		t.Errorf("after a success the first pause is %v, want %v", p, firstPause)
	}
}

func TestUnframed(t *testing.T) {
	for text, want := range map[string]string{
		`connection error: desc = "transport: Error while dialing: dial tcp: lookup \"x\": no such host"`: `dial tcp: lookup "x": no such host`,
		`connection error: desc = "transport: authentication handshake failed: EOF"`:                      "authentication handshake failed: EOF",
		`connection error: desc = broken`: `connection error: desc = broken`,
		"queue is full":                   "queue is full",
	} {
		if got := unframed(text); got != want {
			t.Errorf("%s\nbecomes %s, want %s", text, got, want)
		}
	}
}
