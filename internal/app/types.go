package app

import (
	"maps"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/config/builtin"
	"github.com/nvpipe/nvpipe/processors"
	"github.com/nvpipe/nvpipe/processors/motion"
	"github.com/nvpipe/nvpipe/processors/oip"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// ProcessorType is one value that `type:` of a processor may have: its
// settings, and how a processor is made of them.
type ProcessorType struct {
	config.ProcessorType
	// Make returns a new processor for the settings that New made and the file
	// filled in. It is called once per instance and again after a loss.
	Make func(s config.Settings, batch batchsink.Config, tell Tell) (processors.Processor, error)
}

// Tell is where processors say what an operator should know, from any goroutine:
// what was found, and what is not as it was meant to be.
type Tell struct{ Notice, Trouble func(text string) }

// Types are processor types by name.
type Types map[string]ProcessorType

// BuiltinTypes is everything the program itself can run on a batch.
func BuiltinTypes() Types {
	settings := builtin.Processors()
	return Types{
		"motion": {settings["motion"], func(s config.Settings, _ batchsink.Config, _ Tell) (processors.Processor, error) {
			return motion.New(*s.(*motion.Config))
		}},
		"onnx": {settings["onnx"], func(s config.Settings, batch batchsink.Config, tell Tell) (processors.Processor, error) {
			return onnx.New(*s.(*onnx.Config), onnx.Options{
				MaxBatch: batch.MaxBatchSize, Instances: batch.Instances, Overlap: true,
				OnNotice: tell.Notice, OnTrouble: tell.Trouble,
			})
		}},
		"oip": {settings["oip"], func(s config.Settings, batch batchsink.Config, tell Tell) (processors.Processor, error) {
			return oip.New(*s.(*oip.Config), oip.Options{
				MaxBatch: batch.MaxBatchSize, HangTimeout: batch.HangTimeout, Overlap: true,
				OnNotice: tell.Notice, OnTrouble: tell.Trouble,
			})
		}},
	}
}

// With are the types and more of them; a type of the same name is replaced.
func (t Types) With(more Types) Types {
	all := maps.Clone(t)
	maps.Copy(all, more)
	return all
}

// Registry is what the config loader needs of the types.
func (t Types) Registry() config.Registry {
	r := config.Registry{}
	for name, p := range t {
		r[name] = p.ProcessorType
	}
	return r
}

// OwnType is the type of an embedding program's processor, which has no keys in
// the config.
func OwnType(make func() (processors.Processor, error)) ProcessorType {
	return ProcessorType{
		config.ProcessorType{New: func() config.Settings { return new(noSettings) }},
		func(config.Settings, batchsink.Config, Tell) (processors.Processor, error) { return make() },
	}
}

type noSettings struct{}

func (*noSettings) Validate() error { return nil }
