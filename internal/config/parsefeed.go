package config

import (
	"github.com/nvpipe/nvpipe/internal/config/strict"
)

// ParseFeed reads one more feed, as it would stand under feeds: in the config
// file, whose defaults and processors it has:
//
//	front-door:
//	  url: rtsp://192.0.2.10/stream1
//
// Its error is [Mistakes], with lines of the text. Relative paths are relative
// to the config file.
func (c *Config) ParseFeed(text string) (Feed, error) {
	options := strict.Options{LookupEnv: c.load.LookupEnv}
	defaults := strict.Parse(c.File, c.text, options).Root().Key("defaults")
	doc := strict.Parse(c.File+" (added feed)", []byte(text), options)
	l := &loader{doc: doc, types: c.load.Processors, cfg: &Config{File: c.File, Processors: c.Processors}}
	root := doc.Root()
	entries := root.Entries()
	switch {
	case !root.Exists():
	case len(entries) != 1:
		root.Fail("must be one feed: its id, and below that its keys")
	case !nameForm.MatchString(entries[0].Name()):
		entries[0].FailKey("a feed's id " + nameRule)
	default:
		l.cfg.Feeds = append(l.cfg.Feeds, l.feed(entries[0], defaults))
	}
	if err := doc.Err(); err != nil {
		return Feed{}, err
	}
	return l.cfg.Feeds[0], nil
}
