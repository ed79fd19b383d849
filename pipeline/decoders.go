package pipeline

import (
	"fmt"
	"sync"
	"time"
)

// Ways to choose a feed's decoder.
const (
	// DecodeAuto takes hardware that works, else software.
	DecodeAuto = "auto"
	// DecodeHardware takes hardware or fails.
	DecodeHardware = "hardware"
	// DecodeSoftware never touches hardware.
	DecodeSoftware = "software"
)

// decoderQuiet is how long a decoder that failed is not tried again: long
// enough that a broken driver costs little, short enough that a mended one is
// found without a restart.
const decoderQuiet = time.Hour

// DecoderMemory is what the graphs of one feed learn about decoders and hand on
// to the next connection. The zero value and nil know nothing; any goroutine may
// use it.
type DecoderMemory struct {
	mu      sync.Mutex
	refused map[string]refusal
}

type refusal struct {
	at  time.Time
	why string
}

// Refuse notes that a decoder failed with this feed's stream, and why.
func (m *DecoderMemory) Refuse(decoder, why string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refused == nil {
		m.refused = map[string]refusal{}
	}
	m.refused[decoder] = refusal{time.Now(), why}
}

// Refused reports whether a decoder is to be left alone for now, and why.
func (m *DecoderMemory) Refused(decoder string) (why string, refused bool) {
	if m == nil {
		return "", false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, known := m.refused[decoder]
	ago := time.Since(r.at)
	if !known || ago >= decoderQuiet {
		return "", false
	}
	return fmt.Sprintf("%s, %v ago", r.why, ago.Round(time.Second)), true
}
