package config

import (
	"slices"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/pipeline"
)

func (l *loader) loadFeeds(all, defaults strict.Node) {
	l.loadDefaults(defaults)
	switch entries := all.Entries(); {
	case !all.Exists(), all.IsNull():
		all.Fail("there is no feed; add one, or write feeds: {} if none is meant")
	case !all.IsMapping():
		all.Fail("must be a mapping of feed ids and feeds")
	case len(entries) > MaxFeeds:
		all.Fail("there are %d feeds; one process takes at most %d", len(entries), MaxFeeds)
	default:
		for _, n := range entries {
			if !nameForm.MatchString(n.Name()) {
				n.FailKey("a feed's id " + nameRule)
				continue
			}
			l.cfg.Feeds = append(l.cfg.Feeds, l.feed(n, defaults))
		}
	}
}

// loadDefaults reports what is wrong with the defaults by themselves, once and
// not for every feed. A source need not be whole there.
func (l *loader) loadDefaults(defaults strict.Node) {
	keys := defaultFeed()
	defaults.Decode(&keys)
	l.reportShared(defaults, keys)
	if keys.Source.Kind() != pipeline.SourceNone || keys.URL != "" {
		l.warn(defaults.Note("names a source, which every feed without its own will open; give each feed its own"))
	}
}

// reportShared reports mistakes in everything but the source.
func (l *loader) reportShared(n strict.Node, keys feedKeys) {
	n.Report(oneOf("view", keys.View, "fixed"))
	n.Key("decode").Report(keys.Decode.Validate())
	n.Key("encode").Report(keys.Encode.Validate())
	n.Report(keys.Config.Validate())
	l.feedProcessors(n.Key("processors"), keys.Processors)
	l.continuations(n.Key("continuations"), keys.Continuations)
}

func (l *loader) feed(n, defaults strict.Node) Feed {
	keys := defaultFeed()
	defaults.Quiet().Decode(&keys)
	l.ownSourceWins(n, &keys)
	n.Decode(&keys)
	n = n.Inherits(defaults)

	source := l.source(n, keys)
	l.reportShared(n, keys)
	return Feed{
		ID: frame.FeedID(n.Name()), Source: source, View: keys.View, Decode: keys.Decode, Encode: keys.Encode,
		Processors: keys.Processors, Continuations: keys.Continuations, Config: keys.Config, At: n.Position(),
	}
}

// ownSourceWins drops the inherited source of a feed that names one.
func (l *loader) ownSourceWins(n strict.Node, keys *feedKeys) {
	source := n.Key("source")
	named := func(n strict.Node) bool { return n.Exists() }
	own := []bool{
		named(n.Key("url")), named(source.Key("rtsp").Key("url")),
		named(source.Key("film").Key("path")), named(source.Key("test").Key("pattern")),
	}
	if slices.Contains(own, true) {
		keys.URL, keys.Source.RTSP.URL, keys.Source.Film.Path, keys.Source.Test.Pattern = "", "", "", ""
	}
}

// source puts the short form in its place and takes the credentials out of the
// URL, so that nothing after this sees a URL with a password.
func (l *loader) source(n strict.Node, keys feedKeys) pipeline.Source {
	source, at := keys.Source, n.Key("source")
	if keys.URL != "" {
		if source.RTSP.URL != "" {
			n.FailAt("url", "source.rtsp.url stands here too; give one of the two")
		}
		source.RTSP.URL = keys.URL
	}
	if !at.Broken() && !n.Key("url").Broken() {
		for _, leaf := range strict.Leaves(source.Validate()) {
			if key := "source." + leaf.Key; key == "source.rtsp.url" && keys.URL != "" {
				n.FailAt("url", "%s", leaf.Text)
			} else {
				n.FailAt(key, "%s", leaf.Text)
			}
		}
	}
	if file := &source.RTSP.PasswordFile; *file != "" {
		l.absolute(file)
		if _, err := strict.ReadSecret(*file); err != nil {
			at.FailAt("rtsp.password_file", "the file %q %s", keys.Source.RTSP.PasswordFile, err)
		}
	}
	l.absolute(&source.Film.Path)
	if err := source.SplitCredentials(); err != nil {
		source.RTSP.URL = "" // Validate has said so.
	}
	return source
}

func (l *loader) feedProcessors(n strict.Node, list []FeedProcessor) {
	var known []string
	for _, p := range l.cfg.Processors {
		known = append(known, p.Name)
	}
	seen := map[string]bool{}
	for i, p := range list {
		at, key := n.Item(i), "name"
		if at.IsScalar() {
			key = ""
		}
		switch {
		case p.Name == "":
			at.FailAt(key, "must name a processor: the list has names, or mappings with a name")
		case !slices.Contains(known, p.Name):
			at.FailAt(key, "there is no processor %q; %s", p.Name, strict.Suggest(p.Name, known))
		case seen[p.Name]:
			at.FailAt(key, "the processor %q stands in this list twice", p.Name)
		}
		seen[p.Name] = true
		at.Report(p.Validate())
	}
}
