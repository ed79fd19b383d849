package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/pipeline"
)

// crossCheck looks at what lies between the parts.
func (l *loader) crossCheck(root strict.Node) {
	feeds := root.Key("feeds")
	if l.cfg.RTSP.Listen == l.cfg.Metrics.Listen && !strings.HasSuffix(l.cfg.RTSP.Listen, ":0") {
		root.FailAt("rtsp.listen", "metrics.listen is the same address; give each a port of its own")
	}
	l.sharedCameras(feeds)
	l.sharedEventLogs(feeds)
	l.sharedTraces(root.Key("processors"))
	l.idleParts(root)
	l.queueRemarks(root.Key("processors"))
}

// sharedCameras warns of a camera that is opened twice: most cameras have few
// connections to give.
func (l *loader) sharedCameras(feeds strict.Node) {
	first := map[string]Feed{}
	for _, f := range l.cfg.Feeds {
		if f.Source.Kind() != pipeline.SourceRTSP {
			continue
		}
		url := strings.ToLower(f.Source.RTSP.URL)
		if other, ok := first[url]; ok {
			l.warn(feeds.Key(string(f.ID)).Note("opens the same camera address as feed %q; let one feed have all processors and continuations", other.ID))
			continue
		}
		first[url] = f
	}
}

// sharedEventLogs: feeds may write to one file, which then has one set of
// limits.
func (l *loader) sharedEventLogs(feeds strict.Node) {
	type owner struct {
		feed string
		cfg  eventlog.Config
	}
	first := map[string]owner{}
	for _, f := range l.cfg.Feeds {
		for i, c := range f.Continuations {
			if c.Type != Events || c.Events.Path == "" {
				continue
			}
			cfg := c.Events
			cfg.Empty = false
			o, taken := first[cfg.Path]
			switch at := feeds.Key(string(f.ID)).Key("continuations").Item(i); {
			case !taken:
				first[cfg.Path] = owner{string(f.ID), cfg}
			case o.cfg != cfg:
				at.FailAt("path", "feed %q writes to this file with other limits; give both the same queue, retry and rotation, or files of their own", o.feed)
			}
		}
	}
}

// sharedTraces: two coordinators cannot write one trace.
func (l *loader) sharedTraces(processors strict.Node) {
	first := map[string]string{}
	for _, p := range l.cfg.Processors {
		path := p.Batch.Trace
		if other, taken := first[path]; taken && path != "" {
			processors.Key(p.Name).Key("batch").FailAt("trace", "processor %q writes its trace to this file; give each a file of its own", other)
		}
		first[path] = p.Name
	}
}

// idleParts warns of what would do nothing.
func (l *loader) idleParts(root strict.Node) {
	used := map[string]bool{}
	for _, f := range l.cfg.Feeds {
		for _, p := range f.Processors {
			used[p.Name] = true
		}
		if len(f.Processors) == 0 && len(f.Continuations) == 0 {
			l.warn(root.Key("feeds").Key(string(f.ID)).Note("has no processors and no continuations: its pictures go nowhere"))
		}
	}
	for _, p := range l.cfg.Processors {
		if !used[p.Name] {
			l.warn(root.Key("processors").Key(p.Name).Note("no feed uses this processor; it is not started"))
		}
	}
}

// queueRemarks passes on what the coordinator says of settings that work but
// will refuse frames.
func (l *loader) queueRemarks(processors strict.Node) {
	for _, p := range l.cfg.Processors {
		if p.Settings == nil {
			continue
		}
		batch := processors.Key(p.Name).Key("batch")
		for _, text := range p.Batch.Warnings(l.capSum(p)) {
			at := batch
			if key, rest, ok := strings.Cut(text, ": "); ok && batch.Key(key).Exists() {
				at, text = batch.Key(key), rest
			}
			l.warn(at.Note("%s", text))
		}
	}
}

// capSum is how many entries all feeds together may have with the processor: a
// frame is as many as it may have crops.
func (l *loader) capSum(p Processor) int {
	sum := 0
	for _, f := range l.cfg.Feeds {
		for _, fp := range f.Processors {
			if fp.Name == p.Name {
				parts := 1
				if fp.Crops.Of != "" {
					parts = fp.Crops.Most
				}
				sum += parts * cmp.Or(fp.MaxInFlight, p.Batch.MaxInFlightPerFeed)
			}
		}
	}
	return sum
}

func sortNotes(notes []Note) {
	slices.SortStableFunc(notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
