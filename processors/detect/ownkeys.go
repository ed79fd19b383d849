package detect

import (
	"slices"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/processors/detect/family"
	"github.com/nvpipe/nvpipe/processors/detect/pyliteral"
)

// with is the config where what it leaves open is taken from the model's
// metadata, under the config's own keys: family, and what begins with input_.
func (c Config) with(m metadata) (Config, error) {
	if f := m.values["family"]; c.Family == auto && slices.Contains(family.Names(), f) {
		c.Family = f
	}
	for key, field := range map[string]*string{
		"input_layout": &c.InputLayout, "input_colour": &c.InputColour, "input_fit": &c.InputFit,
	} {
		if text, ok := m.values[key]; ok && *field == auto {
			*field = text
		}
	}
	for _, k := range []struct {
		key  string
		open bool
		set  func([]float64) bool
	}{
		{"input_scale", c.InputScale == 0, one(&c.InputScale)},
		{"input_mean", len(c.InputMean) == 0, several(&c.InputMean)},
		{"input_std", len(c.InputStd) == 0, several(&c.InputStd)},
		{"input_pad", c.InputPad < 0, whole(&c.InputPad)},
		{"input_shorter", c.InputShorter == 0, whole(&c.InputShorter)},
	} {
		text, ok := m.values[k.key]
		if !ok || !k.open {
			continue
		}
		if numbers, err := pyliteral.Numbers(text); err != nil || len(numbers) == 0 || !k.set(numbers) {
			return c, invalid.Field("model", "%s's metadata has %s: %.40q, which cannot be; state %s in the config",
				m.model, k.key, text, k.key)
		}
	}
	if err := c.Validate(); err != nil {
		return c, invalid.Field("model", "%s's metadata has what cannot be; state it in the config: %v", m.model, err)
	}
	return c, nil
}

// Setters of one field; false: the numbers do not suit it.

func one(field *float64) func([]float64) bool {
	return func(v []float64) bool {
		*field = v[0]
		return len(v) == 1
	}
}

func whole(field *int) func([]float64) bool {
	return func(v []float64) bool {
		*field = int(int32(v[0]))
		return len(v) == 1 && v[0] == float64(int32(v[0]))
	}
}

func several(field *[]float64) func([]float64) bool {
	return func(v []float64) bool {
		*field = v
		return true
	}
}
