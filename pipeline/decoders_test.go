package pipeline_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/pipeline"
)

// A decoder that failed is left alone for an hour, and then tried again.
func TestDecoderMemoryFades(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m pipeline.DecoderMemory
		if _, refused := m.Refused("vah264dec"); refused {
			t.Error("refused before it failed")
		}
		m.Refuse("vah264dec", "no surface")
		time.Sleep(59 * time.Minute)
		why, refused := m.Refused("vah264dec")
		if !refused || !strings.Contains(why, "no surface") || !strings.Contains(why, "59m") {
			t.Errorf("%v, %q", refused, why)
		}
		if _, refused := m.Refused("nvh264dec"); refused {
			t.Error("another decoder is refused with it")
		}
		time.Sleep(time.Minute)
		if _, refused := m.Refused("vah264dec"); refused {
			t.Error("refused for ever")
		}
	})
	var none *pipeline.DecoderMemory
	none.Refuse("x", "y")
	if _, refused := none.Refused("x"); refused {
		t.Error("no memory remembers")
	}
}
