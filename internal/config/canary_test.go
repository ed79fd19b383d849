package config

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// urlStyles are the ways in which cameras take a password in a URL.
var urlStyles = []string{
	"rtsp://admin:PW@10.0.0.1/s", "rtsp://admin:PW@10.0.0.1:554/s", "rtsp://:PW@10.0.0.1/s", "rtsp://first.last:PW@cam.local/s",
	"rtsp://me%40home:PW@10.0.0.1/s", "rtsp://10.0.0.1/s?user=admin&password=PW", "rtsp://10.0.0.1/s?usr=admin&pwd=PW&ch=1",
	"rtsp://10.0.0.1/user=admin&password=PW&channel=1", "rtsp://10.0.0.1/admin/PW/ch1", "rtsp://10.0.0.1/s#PW", "rtsps://admin:PW@[fe80::1]:322/s",
	"http://admin:PW@10.0.0.1/s",
}

// wrongPlaces are keys where a URL does not belong, or is wrong.
var wrongPlaces = []string{
	"feeds.x.url", "feeds.x.hold", "feeds.x.view", "feeds.x.source", "feeds.x.source.rtsp.transport", "feeds.x.processors.", "feeds.x.continuations.",
	"feeds.x.decode.decoders.", "feeds.x.encode.bitrate_kbps", "log.level", "metrics.listen", "rtsp.listen", "rtsp.viewer_queue", "version",
	"processors.p.type", "processors.p.model", "feeds.URL", "defaults.URL", "URL",
}

func TestNoMessageShowsAPassword(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const letters = `abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@:/?#%&=+ "'\<>|*!{}[],éß€`
	rejected := 0
	for _, style := range urlStyles {
		for range 40 {
			var password strings.Builder
			for range 8 + r.IntN(12) {
				password.WriteRune([]rune(letters)[r.IntN(len([]rune(letters)))])
			}
			pw := password.String()
			url := strings.ReplaceAll(style, "PW", pw)
			for _, place := range wrongPlaces {
				_, _, err := parse("f.yaml", document(t, place, url), testOptions())
				if err == nil {
					continue
				}
				rejected++
				if shows(err.Error(), pw) {
					t.Fatalf("a URL of the style %s at %s is shown: %v", style, place, err)
				}
			}
		}
	}
	if rejected < len(urlStyles)*40*10 {
		t.Errorf("only %d rejections", rejected)
	}
}

// shows: the message has six characters of the password in a row, plain or as
// %q writes them.
func shows(message, password string) bool {
	for _, text := range []string{password, strings.Trim(fmt.Sprintf("%q", password), `"`)} {
		runes := []rune(text)
		for i := 0; i+6 <= len(runes); i++ {
			if strings.Contains(message, string(runes[i:i+6])) {
				return true
			}
		}
	}
	return false
}

// document is a config with the value at a dotted place; a dot at the end makes
// it a list, URL in the place puts the value where the key is.
func document(t *testing.T, place, value string) []byte {
	var inner any = value
	if list, ok := strings.CutSuffix(place, "."); ok {
		place, inner = list, []string{value}
	}
	steps := strings.Split(place, ".")
	for i := len(steps) - 1; i >= 0; i-- {
		key := steps[i]
		if key == "URL" {
			key = value
		}
		inner = map[string]any{key: inner}
	}
	text, err := yaml.Marshal(inner)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
