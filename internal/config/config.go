package config

import (
	"path/filepath"
	"time"

	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/memory"
	"github.com/nvpipe/nvpipe/internal/rtspout"
)

// Version is the only value of the key version: what the keys mean.
const Version = 1

// maxGather is past what saves anything, and below what a viewer notices.
const maxGather = 50 * time.Millisecond

// MaxFeeds bounds the feeds of one process.
const MaxFeeds = 128

// Mistakes is the error of [Load]: all that is wrong with the file.
type Mistakes = strict.Mistakes

// Note is one mistake or warning with its place.
type Note = strict.Mistake

// Config is a whole config file.
type Config struct {
	// File is the path that was loaded.
	File    string
	Log     Log
	Metrics Metrics
	RTSP    rtspout.Config
	Gather  time.Duration
	Memory  memory.Config
	// Processors and Feeds are in the order of the file.
	Processors []Processor
	Feeds      []Feed
	// Warnings are remarks on what works but is hardly meant, in the order of
	// the file.
	Warnings []Note

	text []byte // for ParseFeed, which needs the defaults
	load Options
}

// Options is what loading needs beside the file.
type Options struct {
	// Processors are the types that a processor may have.
	Processors Registry
	// LookupEnv finds the variables of ${NAME}; nil: os.LookupEnv.
	LookupEnv func(string) (string, bool)
}

// Load reads a config file. Its error is [Mistakes].
func Load(path string, o Options) (*Config, error) {
	cfg, _, err := load(path, o)
	return cfg, err
}

func load(path string, o Options) (*Config, *strict.Document, error) {
	data, err := strict.Read(path)
	if err != nil {
		return nil, nil, err
	}
	return parse(path, data, o)
}

// deferred is a part of the file that is decoded once the parts before it are
// known.
type deferred struct{ strict.Node }

func (d *deferred) UnmarshalStrict(n strict.Node) { d.Node = n }

// file is the outermost level of a config file.
type file struct {
	// Version of the file's format: 1. Required.
	Version int `yaml:"version"`
	// Log says what the program writes to standard error.
	Log Log `yaml:"log"`
	// Metrics are served for Prometheus.
	Metrics Metrics `yaml:"metrics"`
	// RTSP serves the annotated streams of all feeds.
	RTSP rtspout.Config `yaml:"rtsp"`
	// Gather lets decoded frames of all feeds wait this long, at most, to be
	// taken over together, 0–50 ms. With ten cameras or more and a processor
	// that waits for batches anyway (policy window or fill) it saves CPU; it
	// adds as much delay.
	Gather time.Duration `yaml:"gather"`
	// Memory bounds what the process may use.
	Memory memory.Config `yaml:"memory"`
	// Processors are what runs on batches of frames, by the names that feeds
	// use for them.
	Processors deferred `yaml:"processors"`
	// Defaults are what every feed starts from: any keys of a feed.
	Defaults deferred `yaml:"defaults"`
	// Feeds are the cameras by their ids.
	Feeds deferred `yaml:"feeds"`
}

// loader is one file being loaded.
type loader struct {
	doc   *strict.Document
	types Registry
	cfg   *Config
}

func parse(path string, data []byte, o Options) (*Config, *strict.Document, error) {
	doc := strict.Parse(path, data, strict.Options{LookupEnv: o.LookupEnv})
	l := &loader{doc: doc, types: o.Processors, cfg: &Config{File: path}}
	if root := doc.Root(); root.Exists() {
		l.load(root)
		l.guardSecrets()
	}
	if err := doc.Err(); err != nil {
		return nil, nil, err
	}
	sortNotes(l.cfg.Warnings)
	l.cfg.text, l.cfg.load = data, o
	return l.cfg, doc, nil
}

func (l *loader) load(root strict.Node) {
	top := file{Log: DefaultLog(), Metrics: DefaultMetrics(), RTSP: rtspout.DefaultConfig()}
	root.Decode(&top)
	if !root.IsMapping() {
		return
	}
	if top.Version != Version {
		root.FailAt("version", "must be %d: it says what the keys of this file mean", Version)
	}
	if top.Gather < 0 || top.Gather > maxGather {
		root.FailAt("gather", "must be 0s–%v, is %v", maxGather, top.Gather)
	}
	l.cfg.Log, l.cfg.Metrics, l.cfg.RTSP, l.cfg.Gather, l.cfg.Memory = top.Log, top.Metrics, top.RTSP, top.Gather, top.Memory
	l.absolute(&l.cfg.RTSP.TLSCert)
	l.absolute(&l.cfg.RTSP.TLSKey)
	root.Key("log").Report(top.Log.Validate())
	root.Key("metrics").Report(top.Metrics.Validate())
	root.Key("rtsp").Report(top.RTSP.Validate())
	root.Key("memory").Report(top.Memory.Validate())
	l.loadProcessors(root.Key("processors"))
	l.loadFeeds(root.Key("feeds"), root.Key("defaults"))
	l.crossCheck(root)
}

func (l *loader) warn(n Note) { l.cfg.Warnings = append(l.cfg.Warnings, n) }

// absolute makes a path of the file one that does not depend on where the
// program was started.
func (l *loader) absolute(path *string) {
	if *path != "" && !filepath.IsAbs(*path) {
		*path = filepath.Join(l.doc.Dir(), *path)
	}
}
