package config

import (
	"errors"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// wholesome is a config with most kinds of keys, to be spoilt.
const wholesome = good + `  anchored: &camera
    url: rtsp://10.0.0.7/
    encode: {encoders: [x264enc, openh264enc], key_interval: 1s}
    decode: {max_width: 1920}
    stall_min: 4s
  merged: {<<: *camera, url: "rtsp://10.0.0.8/", view: fixed}
  films:
    source: {rtsp: {url: rtsp://10.0.0.9/, user: u, password: "${PASSWORD}"}}
    continuations:
    - type: file
      dir: films
      part: 500ms
      queue_bytes: 2MiB
      rotation: {max_file_size: 2MiB, keep: 4}
rtsp: {listen: "127.0.0.1:8554", max_viewers: 3, viewer_queue: 1MiB}
`

// TestMutants spoils a good config in thousands of ways: as a tree (keys
// misspelt, moved, doubled; values of the wrong kind) and as text. Set
// NVPIPE_MUTANTS for more of them.
func TestMutants(t *testing.T) {
	count := 2000
	if raceDetector {
		count = 300 // Ten times slower, and there is one goroutine.
	}
	if n, err := strconv.Atoi(os.Getenv("NVPIPE_MUTANTS")); err == nil {
		count = n
	}
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("NVPIPE_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("NVPIPE_SEED=%d", seed)
	m := &mutator{Rand: rand.New(rand.NewPCG(seed, 0))}
	if err := yaml.Unmarshal([]byte(wholesome), &m.whole); err != nil {
		t.Fatal(err)
	}
	if ok, problem := inspect([]byte(wholesome)); !ok {
		t.Fatalf("the unspoilt config is rejected: %s", problem)
	}
	accepted := 0
	for range count {
		text := m.mutant()
		ok, problem := inspect(text)
		if problem != "" {
			t.Fatalf("%s\nof\n%s", problem, text)
		}
		if ok {
			accepted++
		}
	}
	t.Logf("%d mutants, %d of them accepted", count, accepted)
	if accepted == 0 || accepted == count {
		t.Error("the mutator does not mutate")
	}
}

// inspect loads a config and returns whether it was accepted, and what is wrong
// with how that went: every rejection has its place, no message shows a secret,
// nothing takes for ever.
func inspect(text []byte) (accepted bool, problem string) {
	start := time.Now()
	cfg, _, err := parse("f.yaml", text, testOptions())
	if took := time.Since(start); took > 10*time.Second {
		return false, "took " + took.String()
	}
	if err == nil {
		return true, inspectAccepted(cfg)
	}
	var all Mistakes
	if !errors.As(err, &all) || len(all) == 0 {
		return false, "rejected without Mistakes: " + err.Error()
	}
	lines := 1 + len(lineBreak.FindAll(text, -1))
	for _, one := range all {
		switch {
		case one.File != "f.yaml" || one.Line < 1 || one.Line > lines || one.Column < 1 || one.Text == "":
			return false, "a mistake without its place: " + one.Error()
		case strings.Contains(one.Error(), "hunter2") || strings.Contains(one.Error(), "0123456789abcdef0123"):
			return false, "a secret is shown: " + one.Error()
		case strings.Contains(one.Error(), "%!"):
			return false, "a message is badly formatted: " + one.Error()
		}
	}
	return false, ""
}

// lineBreak is what ends a line in YAML.
var lineBreak = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

func inspectAccepted(cfg *Config) string {
	var names []string
	for _, p := range cfg.Processors {
		if p.Settings == nil {
			return "accepted a processor without settings"
		}
		names = append(names, p.Name)
	}
	for _, f := range cfg.Feeds {
		if err := f.Validate(names); err != nil {
			return "accepted a feed that is not valid: " + err.Error()
		}
		if strings.Contains(f.Source.RTSP.URL, "hunter2") {
			return "a URL kept its password: " + f.Source.RTSP.URL
		}
	}
	return ""
}

// mutator spoils configs; its choices come from one seed.
type mutator struct {
	*rand.Rand
	whole yaml.Node
}

func (m *mutator) mutant() []byte {
	doc := clone(&m.whole)
	for range 1 + m.IntN(4) {
		m.spoilTree(&doc)
	}
	text, err := yaml.Marshal(&doc)
	if err != nil {
		text = []byte(wholesome) // An alias may have lost its anchor.
	}
	if m.IntN(4) == 0 {
		text = m.spoilText(text)
	}
	return text
}

// nasty are values that have broken parsers, ranges or messages before.
var nasty = []string{
	"", "~", "null", "yes", "0", "-1", "1.5", "1e999", ".nan", "0x10", "0777", "99999999999999999999", "5", "5s", "-5s", "1000000h",
	"1MiB", "-1MiB", "1e30GB", "true", "2020-01-01", "!!str x", "*x", "&x", "{", "${", "${}", "${NO}", "${PASSWORD}", "$${PASSWORD}", "${TOKEN}",
	"rtsp://", "rtsp://a:b@c", "rtsp://h:99999/", "http://h/", "../x", "/", "\x00", "\u2028", "%s%d%n", strings.Repeat("x", 5000),
	"motion", "detector", "stream", "events", "file", "moving", "fixed", "<<", "door",
}

func (m *mutator) spoilTree(doc *yaml.Node) {
	var nodes []*yaml.Node
	var gather func(*yaml.Node)
	gather = func(n *yaml.Node) {
		nodes = append(nodes, n)
		for _, c := range n.Content {
			gather(c)
		}
	}
	gather(doc.Content[0])
	n, other := nodes[m.IntN(len(nodes))], nodes[m.IntN(len(nodes))]
	switch m.IntN(7) {
	case 0:
		*n = yaml.Node{Kind: yaml.ScalarNode, Value: nasty[m.IntN(len(nasty))]}
	case 1:
		n.Value = m.misspell(n.Value)
	case 2: // Something else stands here, perhaps of another kind.
		*n = clone(other)
	case 3:
		if len(n.Content) > 1 {
			i := m.IntN(len(n.Content)/2) * 2
			n.Content = append(n.Content[:i:i], n.Content[min(i+2, len(n.Content)):]...)
		}
	case 4:
		if len(n.Content) > 1 {
			n.Content = append(n.Content, n.Content[0], n.Content[1])
		}
	case 5:
		if len(n.Content) > 0 {
			n.Kind = []yaml.Kind{yaml.MappingNode, yaml.SequenceNode}[m.IntN(2)]
			if len(n.Content)%2 == 1 {
				n.Kind = yaml.SequenceNode
			}
			n.Tag = ""
		}
	case 6:
		n.Style = []yaml.Style{0, yaml.FlowStyle, yaml.DoubleQuotedStyle, yaml.LiteralStyle}[m.IntN(4)]
	}
}

func clone(n *yaml.Node) yaml.Node {
	c := *n
	c.Content, c.HeadComment, c.LineComment, c.FootComment = nil, "", "", ""
	for _, child := range n.Content {
		copied := clone(child)
		c.Content = append(c.Content, &copied)
	}
	return c
}

func (m *mutator) misspell(s string) string {
	if s == "" {
		return "x"
	}
	i := m.IntN(len(s))
	switch m.IntN(3) {
	case 0:
		return s[:i] + s[i+1:]
	case 1:
		return s[:i] + string(rune('a'+m.IntN(26))) + s[i:]
	}
	b := []byte(s)
	j := m.IntN(len(b))
	b[i], b[j] = b[j], b[i]
	return string(b)
}

func (m *mutator) spoilText(text []byte) []byte {
	for range 1 + m.IntN(5) {
		i := m.IntN(len(text))
		switch m.IntN(4) {
		case 0:
			text[i] = byte(m.IntN(256))
		case 1:
			text = append(text[:i:i], text[min(i+1+m.IntN(20), len(text)-1):]...)
		case 2:
			text = append(text[:i:i], append([]byte("\n\t {}[]:-#&*!|>'\"%@`,?"[m.IntN(22):]), text[i:]...)...)
		case 3:
			text = text[:i+1]
		}
	}
	return text
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(wholesome))
	for _, text := range []string{good, "version: 1\nfeeds: {}\n", "version: 1\ndefaults: {processors: [x]}\nfeeds: {a: {url: rtsp://h/}}\n", "", "- a", "a: &a [*a]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, problem := inspect(text); problem != "" {
			t.Error(problem)
		}
	})
}
