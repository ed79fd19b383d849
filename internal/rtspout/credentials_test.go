package rtspout

import (
	"encoding/base64"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/base"

	"github.com/nvpipe/nvpipe/internal/secret"
)

func TestBasicCredentials(t *testing.T) {
	c := Config{User: "viewer", Password: secret.New("p@ss:w/ö")}
	basic := func(text string) base.HeaderValue {
		return base.HeaderValue{"Basic " + base64.StdEncoding.EncodeToString([]byte(text))}
	}
	for _, given := range []struct {
		header base.HeaderValue
		want   bool
	}{
		{basic("viewer:p@ss:w/ö"), true},
		{basic("viewer:p@ss"), false},
		{basic("viewer"), false},
		{basic(""), false},
		{base.HeaderValue{"Basic no base64"}, false},
		{append(basic("viewer:p@ss:w/ö"), "x"), false},
		{nil, false},
	} {
		if got := c.isBasic(given.header); got != given.want {
			t.Errorf("%q: %v", given.header, got)
		}
	}
}
