package config

// The sets of keys that the file itself has, for the tests of the sample files
// and of docs/configuration.md.

func FileKeys() any          { return &file{} }
func ProcessorKeys() any     { k := defaultProcessorKeys(); return &k }
func FeedKeys() any          { k := defaultFeed(); return &k }
func FeedProcessorKeys() any { k := DefaultFeedProcessor(); return &k }
func ContinuationKeys() any  { return &continuationKeys{} }
