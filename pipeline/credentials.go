package pipeline

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"unicode"

	"github.com/nvpipe/nvpipe/internal/secret"
)

// address is a host with an optional port, where an URL's path, query or
// fragment begins or the URL ends.
var address = regexp.MustCompile(`^(\[[0-9A-Fa-f:.%A-Za-z]+\]|[A-Za-z0-9._~-]+)(:[0-9]{1,5})?([/?#]|$)`)

var (
	errScheme    = errors.New("must begin with rtsp:// or rtsps://")
	errAddress   = errors.New("must be rtsp://HOST[:PORT]/PATH; give user and password as fields of their own")
	errControl   = errors.New("must not have control characters")
	errAmbiguous = errors.New("can be read in two ways: write user and password as fields of their own, or / in the password as %2F and @ in the path as %40")
)

// SplitCredentials takes user and password out of an RTSP URL. Both are
// percent-decoded where they are encoded, and taken as they are where they are
// not: of people's URLs many have a bare @, :, /, % or # in the password. The
// errors never quote the URL.
func SplitCredentials(url string) (clean, user string, password secret.Secret, err error) {
	scheme, rest, ok := cutScheme(url)
	if !ok {
		return "", "", secret.Secret{}, errScheme
	}
	if strings.ContainsFunc(rest, unicode.IsControl) {
		return "", "", secret.Secret{}, errControl
	}
	var name, pass string
	if !address.MatchString(rest) {
		at := credentialsEnd(rest)
		if at < 0 {
			return "", "", secret.Secret{}, errAddress
		}
		name, pass, _ = strings.Cut(rest[:at], ":")
		rest = rest[at+1:]
	}
	if looksLikeCredentials(rest) {
		return "", "", secret.Secret{}, errAmbiguous
	}
	return scheme + rest, decode(name), secret.New(decode(pass)), nil
}

func cutScheme(url string) (scheme, rest string, ok bool) {
	i := strings.Index(url, "://")
	if i < 0 {
		return "", "", false
	}
	switch strings.ToLower(url[:i]) {
	case "rtsp", "rtsps":
		return strings.ToLower(url[:i]) + "://", url[i+3:], true
	}
	return "", "", false
}

// looksLikeCredentials finds the one text that reads well both ways:
// admin:12/34@camera is a password with a slash, or a host named admin whose
// path has an @. Taking it for the latter would leave a password in the URL.
func looksLikeCredentials(rest string) bool {
	at := address.FindStringSubmatch(rest)
	host, port, end := at[1], at[2], at[3]
	if port == "" || end == "" || host == "localhost" || isIP(host) {
		return false
	}
	return credentialsEnd(rest) >= 0
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// credentialsEnd is the place of the first @ that is followed by an address.
func credentialsEnd(rest string) int {
	for i, c := range []byte(rest) {
		if c == '@' && address.MatchString(rest[i+1:]) {
			return i
		}
	}
	return -1
}

// decode undoes percent-encoding and leaves what is not encoded alone.
func decode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := hex(s[i+1]), hex(s[i+2]); hi >= 0 && lo >= 0 {
				out.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

func hex(c byte) int { return strings.IndexByte("0123456789abcdef", lower(c)) }

func lower(c byte) byte {
	if c >= 'A' && c <= 'F' {
		return c + 'a' - 'A'
	}
	return c
}

// String is the camera's address and nothing else of the URL.
func (r RTSP) String() string {
	clean, _, _, err := SplitCredentials(r.URL)
	if err != nil {
		return "an RTSP camera"
	}
	scheme, rest, _ := cutScheme(clean)
	at := address.FindStringSubmatch(rest)
	if at[3] == "" {
		return scheme + at[1] + at[2]
	}
	return scheme + at[1] + at[2] + "/…"
}
