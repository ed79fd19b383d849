package units

import "testing"

func TestBytesRoundTrip(t *testing.T) {
	for text, want := range map[string]Bytes{
		"0": 0, "17": 17, "1KiB": 1024, "64MiB": 64 << 20, "1.5GiB": 3 << 29, "2GB": 2e9, "10 MB": 1e7,
	} {
		var b Bytes
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%q = %d, %v; want %d", text, b, err, want)
		}
		var again Bytes
		if err := again.UnmarshalText([]byte(b.String())); err != nil || again != b {
			t.Errorf("%d prints as %q, which reads as %d, %v", b, b, again, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1 parsec", "NaN", "1e40GB"} {
		var b Bytes
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %d", text, b)
		}
	}
}
