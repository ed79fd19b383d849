package invalid_test

import (
	"errors"
	"testing"

	"github.com/nvpipe/nvpipe/internal/invalid"
)

func TestUnder(t *testing.T) {
	if err := invalid.Under("a", nil); err != nil {
		t.Errorf("nil became %v", err)
	}
	if err := invalid.Under("a", errors.Join()); err != nil {
		t.Errorf("no mistakes became %v", err)
	}
	part := errors.Join(
		invalid.Field("keep", "must be 1–9, is %d", 0),
		errors.Join(invalid.Field("size.max", "must be set")),
		errors.New("not a field"),
	)
	want := "files.keep: must be 1–9, is 0\nfiles.size.max: must be set\nfiles: not a field"
	if got := invalid.Under("files", part).Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
