package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/governor"
)

// Settings are the keys of one type of processor: a pointer to a struct with
// yaml tags that holds the defaults.
type Settings interface{ Validate() error }

// ProcessorType is one type that a processor may have.
type ProcessorType struct {
	// New returns a pointer to new Settings with their defaults.
	New func() Settings
	// Files are the fields of Settings that name files to be read; relative
	// ones become relative to the config file. Empty ones, and those for which
	// the field means something else, are left out. nil: there are none.
	Files func(Settings) []File
	// WholeFrames: crops of frames mean nothing to it.
	WholeFrames bool
}

// File is a setting that names a file.
type File struct {
	// Key of the setting, relative to the processor; dotted within a mapping.
	Key  string
	Path *string
}

// Registry is the types of processors by name, as in `type: motion`.
type Registry map[string]ProcessorType

func (r Registry) names() []string { return slices.Sorted(maps.Keys(r)) }

// Processor is one coordinator with its processor, shared by the feeds that
// name it.
type Processor struct {
	Name, Type string
	Batch      batchsink.Config
	Overload   governor.Config
	// Settings are those that the type's New made, filled in.
	Settings Settings
	// At is where the file has it.
	At strict.Position
}

// processorKeys are the keys of a processor of any type.
type processorKeys struct {
	// Type of the processor; it decides on the other keys. Required.
	Type string `yaml:"type"`
	// Batch says how frames of all feeds are gathered into batches.
	Batch batchsink.Config `yaml:"batch"`
	// Overload says what happens when the feeds ask for more than it can do.
	Overload governor.Config `yaml:"overload"`
}

func defaultProcessorKeys() processorKeys {
	return processorKeys{Batch: batchsink.DefaultConfig(), Overload: governor.DefaultConfig()}
}

// DefaultProcessor is a processor with nothing but what those of any type have.
func DefaultProcessor() Processor {
	return Processor{Batch: batchsink.DefaultConfig(), Overload: governor.DefaultConfig()}
}

// nameForm is what feeds, processors and their labels in metrics are called.
var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

const nameRule = "must be a name of a–z, 0–9, _ and -, that begins with a letter or digit, of at most 63 characters"

func (l *loader) loadProcessors(all strict.Node) {
	if all.Exists() && !all.IsMapping() && !all.IsNull() {
		all.Fail("must be a mapping of names and processors")
		return
	}
	for _, n := range all.Entries() {
		if !nameForm.MatchString(n.Name()) {
			n.FailKey(nameRule)
			continue
		}
		l.cfg.Processors = append(l.cfg.Processors, l.processor(n))
	}
}

func (l *loader) processor(n strict.Node) Processor {
	if !n.IsMapping() {
		n.Fail("must be a mapping with a type: %s", strings.Join(l.types.names(), ", "))
		return Processor{Name: n.Name()}
	}
	keys := defaultProcessorKeys()
	n.Key("type").Decode(&keys.Type)
	t, ok := l.types[keys.Type]
	if !ok {
		l.unknownType(n, keys.Type)
		return Processor{Name: n.Name()}
	}
	own := t.New()
	n.Decode(&keys, own)
	n.Key("batch").Report(keys.Batch.Validate())
	n.Key("overload").Report(keys.Overload.Validate())
	n.Report(own.Validate())
	l.absolute(&keys.Batch.Trace)
	if t.Files != nil {
		for _, f := range t.Files(own) {
			l.absolute(f.Path)
		}
	}
	return Processor{n.Name(), keys.Type, keys.Batch, keys.Overload, own, n.Position()}
}

func (l *loader) unknownType(n strict.Node, name string) {
	switch names := l.types.names(); {
	case name == "":
		n.FailAt("type", "must be one of %s; the other keys depend on it", strings.Join(names, ", "))
	default:
		n.FailAt("type", "there is no type of processor %q; %s", name, strict.Suggest(name, names))
	}
}
