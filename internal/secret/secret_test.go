package secret

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"gopkg.in/yaml.v3"
)

func TestNoWayOfPrintingShowsTheValue(t *testing.T) {
	const value = "hunter2"
	type holder struct {
		S Secret  `json:"s" yaml:"s"`
		P *Secret `json:"p" yaml:"p"`
	}
	s := New(value)
	h := holder{s, &s}
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		out = append(out, fmt.Sprintf(verb, s), fmt.Sprintf(verb, &s), fmt.Sprintf(verb, h))
	}
	j, _ := json.Marshal(h)
	y, _ := yaml.Marshal(h)
	enc := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"})
	z, _ := enc.EncodeEntry(zapcore.Entry{}, []zapcore.Field{zap.Any("s", s), zap.Any("h", h), zap.Stringer("t", s), zap.Reflect("r", h)})
	out = append(out, string(j), string(y), z.String())
	for _, o := range out {
		for _, bad := range []string{value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value)} {
			if strings.Contains(o, bad) {
				t.Errorf("shown in %q", o)
			}
		}
	}
	if s.Reveal() != value {
		t.Error("Reveal lost the value")
	}
}
