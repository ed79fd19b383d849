package gstgraph

import (
	"testing"
	"time"
)

func TestSessionTimeout(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":                           time.Minute,
		"12345678":                   time.Minute,
		"12345678;timeout=15":        15 * time.Second,
		"12345678; Timeout = 30":     30 * time.Second,
		"12345678;x=1;timeout=2;y=2": 2 * time.Second,
		"12345678;timeout=0":         time.Minute,
		"12345678;timeout=-5":        time.Minute,
		"12345678;timeout=soon":      time.Minute,
		"1;timeout=99999999999999":   time.Minute,
	} {
		if got := sessionTimeout(header); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func TestKeepaliveInterval(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		time.Minute: keepaliveEvery, 15 * time.Second: 7500 * time.Millisecond, time.Second: 500 * time.Millisecond,
	} {
		k := newKeeping()
		k.session(timeout)
		k.begin()
		k.begin() // PLAY again, after a pause: nobody has to have listened
		if got := <-k.playing; got != want {
			t.Errorf("session timeout %v: every %v, want %v", timeout, got, want)
		}
	}
}
