package config

import (
	"cmp"
	"fmt"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/config/strict"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/internal/secret"
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
	defaults.Report(keys.feed().validateSettings(l.processorNames()))
	if keys.Source.Kind() != pipeline.SourceNone || keys.URL != "" {
		l.warn(defaults.Note("names a source, which every feed without its own will open; give each feed its own"))
	}
}

func (l *loader) feed(n, defaults strict.Node) Feed {
	keys := defaultFeed()
	defaults.Quiet().Decode(&keys)
	ownSourceWins(n, &keys)
	n.Decode(&keys)
	ownCredentialsWin(n, &keys)
	n = n.Inherits(defaults)

	f := keys.feed()
	f.ID, f.At = frame.FeedID(n.Name()), n.Position()
	n.Report(f.validateSettings(l.processorNames()))
	l.reportStages(n, f)
	l.reportSource(n, f.Source, keys)
	l.resolve(n, &f)
	return f
}

func (l *loader) processorNames() []string {
	var names []string
	for _, p := range l.cfg.Processors {
		names = append(names, p.Name)
	}
	return names
}

// reportStages reports processors that are given crops and cannot use them.
func (l *loader) reportStages(n strict.Node, f Feed) {
	for i, fp := range f.Processors {
		for _, p := range l.cfg.Processors {
			if fp.Crops.Of != "" && p.Name == fp.Name && l.types[p.Type].WholeFrames {
				n.FailAt(fmt.Sprintf("processors[%d].crops", i), "the processor %q is of type %s, which needs whole frames; leave crops out", p.Name, p.Type)
			}
		}
	}
}

// ownSourceWins drops the inherited source of a feed that names one.
func ownSourceWins(n strict.Node, keys *feedKeys) {
	source := n.Key("source")
	if n.Key("url").Exists() || source.Key("rtsp").Key("url").Exists() ||
		source.Key("film").Key("path").Exists() || source.Key("test").Key("pattern").Exists() {
		keys.URL, keys.Source.RTSP.URL, keys.Source.Film.Path, keys.Source.Test.Pattern = "", "", "", ""
	}
}

// ownCredentialsWin drops the inherited user and password of a camera that has
// its own in its URL, and an inherited password given in another way.
func ownCredentialsWin(n strict.Node, keys *feedKeys) {
	own := func(key string) bool { return n.Key("source").Key("rtsp").Key(key).Exists() }
	rtsp := &keys.Source.RTSP
	_, user, password, _ := pipeline.SplitCredentials(cmp.Or(keys.URL, rtsp.URL))
	if user != "" && !own("user") {
		rtsp.User = ""
	}
	if !own("password") && (own("password_file") || !password.IsZero()) {
		rtsp.Password = secret.Secret{}
	}
	if !own("password_file") && (own("password") || !password.IsZero()) {
		rtsp.PasswordFile = ""
	}
}

// reportSource checks the source; a mistake in the URL is one of the key that
// the file uses for it.
func (l *loader) reportSource(n strict.Node, source pipeline.Source, keys feedKeys) {
	short := n.Key("url").Exists()
	if short && keys.Source.RTSP.URL != "" {
		n.FailAt("url", "source.rtsp.url stands here too; give one of the two")
	}
	if n.Key("source").Broken() || n.Key("url").Broken() {
		return
	}
	for _, leaf := range strict.Leaves(source.Validate()) {
		if leaf.Key == "rtsp.url" && short {
			n.FailAt("url", "%s", leaf.Text)
		} else {
			n.FailAt("source."+leaf.Key, "%s", leaf.Text)
		}
	}
}

// resolve takes the credentials out of the URL, so that nothing after this sees
// a URL with a password, and makes paths relative to the file.
func (l *loader) resolve(n strict.Node, f *Feed) {
	if err := f.Source.SplitCredentials(); err != nil {
		f.Source.RTSP.URL = "" // Validate has said so.
	}
	l.absolute(&f.Source.Film.Path)
	l.absolute(&f.Source.RTSP.CAFile)
	if file := &f.Source.RTSP.PasswordFile; *file != "" {
		named := *file
		l.absolute(file)
		if _, err := strict.ReadSecret(*file); err != nil {
			n.FailAt("source.rtsp.password_file", "the file %q %s", named, err)
		}
	}
	for i := range f.Continuations {
		switch c := &f.Continuations[i]; {
		case c.Type == Events && c.Events.Path != eventlog.Stdout:
			l.absolute(&c.Events.Path)
		case c.Type == Film:
			l.absolute(&c.Film.Dir)
		}
	}
}
