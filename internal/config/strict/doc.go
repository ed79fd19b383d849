// Package strict decodes YAML into Go structs the way a person who writes a
// config file by hand needs it: over defaults, refusing what it does not know,
// and telling everything that is wrong at once, each with its place.
//
//	cams.yaml:12:5: feeds.door.latncy: unknown key; did you mean "latency"?
//
// # How to use it
//
// [Read] a file, [Parse] it to a [Document], walk it by [Node] and call
// [Node.Decode] with pointers to structs that already hold their defaults.
// Mistakes gather in the document; [Document.Err] gives them all, sorted.
//
// # What is decoded
//
// Exported fields with a yaml tag: string, bool, integers, floats,
// time.Duration, encoding.TextUnmarshaler, slices, arrays, maps with string
// keys, structs, inline structs, and pointers to these. A key that is absent
// leaves the field alone. A mapping is merged into a struct or map, a list
// replaces a list. `${NAME}` in a value is replaced by the environment
// variable, `$${` is a plain `${`.
//
// A field whose type has Reveal() string is a secret: its value is in no
// message, and next to its key `x` the key `x_file` is allowed, naming a file
// that holds the value.
//
// # Bounds
//
// The file ([MaxFile]), the depth ([MaxDepth]), the nodes visited with aliases
// expanded, and the mistakes kept are bounded, so that a hostile file costs
// milliseconds. Not safe for concurrent use: one goroutine per Document.
package strict
