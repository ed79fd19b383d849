// Package rtspout serves the annotated live streams: rtsp://host:port/FEED for
// every feed that has a [Stream].
//
// A Stream is where a feed's encoded pictures go. It outlives the feed's
// pipelines: viewers stay connected while a camera reconnects, and see a "no
// signal" picture meanwhile. Timestamps run on; RTCP sender reports carry the
// capture time of the pictures.
//
// # What bounds it
//
// Stream.Write never waits: a bounded queue is between the feed and the
// stream's own goroutine. Every viewer has a bounded queue of its own; one that
// does not keep up is cut, and nobody else notices. Viewers are limited in
// number, in all and per feed.
//
// # Who runs what
//
// One goroutine per Stream owns the stream's clock and sends; the RTSP library
// has one or two per connection. Hooks are called on any of these and must not
// block. After Stop returns nothing runs and no hook is called.
package rtspout
