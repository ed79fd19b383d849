package rtspcam

import (
	"regexp"
	"strings"
)

// BrokenSDP is a mistake that a camera makes in its SDP, for [Faults.EditSDP].
type BrokenSDP struct {
	Name string
	Edit func(sdp string) string
}

// BrokenSDPs are mistakes of cameras and some that nobody has made yet. Those
// that do not apply to a stream leave its SDP as it is.
func BrokenSDPs() []BrokenSDP {
	return []BrokenSDP{
		{"two session names", after(`s=.*`, "s=again")},
		{"no session name", without(`s=.*`)},
		{"session name of nothing", replace(`s=.*`, "s=")},
		{"two versions", after(`v=.*`, "v=0")},
		{"no version", without(`v=.*`)},
		{"no origin", without(`o=.*`)},
		{"origin of too few fields", replace(`o=.*`, "o=- 0")},
		{"no time", without(`t=.*`)},
		{"time that is none", replace(`t=.*`, "t=now forever")},
		{"connection without an address", replace(`c=.*`, "c=IN")},
		{"connection to nonsense", replace(`c=.*`, "c=IN IP6 nonsense/300/2")},
		{"bandwidth that is negative", after(`t=.*`, "b=AS:-1")},
		{"range that is none", after(`t=.*`, "a=range:npt=now-never")},
		{"wrong media type", replace(`m=video`, "m=application")},
		{"unknown media type", replace(`m=video`, "m=vide0")},
		{"port that is no number", replace(`m=video \d+`, "m=video x")},
		{"port that is too large", replace(`m=video \d+`, "m=video 99999999")},
		{"media without formats", replace(`(m=video \d+ \S+) .*`, "$1")},
		{"media of an unknown protocol", replace(`(m=video \d+) \S+`, "$1 RTP/XYZ")},
		{"fmtp of another payload type", replace(`a=fmtp:\d+`, "a=fmtp:33")},
		{"fmtp before the picture", moveFMTP},
		{"fmtp without parameters", replace(`(a=fmtp:\d+).*`, "$1")},
		{"fmtp full of semicolons", replace(`(a=fmtp:\d+).*`, "$1 ;;=;;;==")},
		{"no rtpmap", without(`a=rtpmap:.*`)},
		{"rtpmap of another payload type", replace(`a=rtpmap:\d+`, "a=rtpmap:33")},
		{"codec in lower case", replace(`(a=rtpmap:\d+) H26`, "$1 h26")},
		{"clock that stands still", replace(`/90000`, "/0")},
		{"clock that is negative", replace(`/90000`, "/-90000")},
		{"parameter sets that are not base64", replace(`(sprop-[a-z-]+)=[^;\r]*`, "$1=!!!!")},
		{"parameter sets of nothing", replace(`(sprop-[a-z-]+)=[^;\r]*`, "$1=,,,")},
		{"parameter sets that are cut off", replace(`(sprop-[a-z-]+)=(....)[^;\r]*`, "$1=$2")},
		{"no VPS", replace(`sprop-vps=[^;\r]*;? ?`, "")},
		{"profile that is none", replace(`profile-level-id=\w*`, "profile-level-id=zz")},
		{"no control", without(`a=control:.*`)},
		{"control of nothing", replace(`a=control:.*`, "a=control:")},
		{"lines that end in LF alone", func(sdp string) string { return strings.ReplaceAll(sdp, "\r\n", "\n") }},
		{"last line that does not end", func(sdp string) string { return strings.TrimRight(sdp, "\r\n") }},
		{"empty lines", func(sdp string) string { return strings.ReplaceAll(sdp, "\r\n", "\r\n\r\n") }},
		{"lines that are none", after(`t=.*`, "\x00\xff\xfe\r\n=\r\nhello")},
		{"line of 64 KiB", after(`t=.*`, "a=x-y:"+strings.Repeat("y", 1<<16))},
		{"a hundred tracks", func(sdp string) string {
			return sdp + strings.Repeat("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n", 100)
		}},
		{"cut off in the middle", func(sdp string) string { return sdp[:len(sdp)/2] }},
		{"not an SDP", func(string) string { return "<html><body>Please log in</body></html>" }},
	}
}

// lines matches whole lines, without their end.
func lines(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^` + strings.ReplaceAll(pattern, `.*`, `[^\r\n]*`) + `\r\n`)
}

func without(line string) func(string) string {
	re := lines(line)
	return func(sdp string) string { return re.ReplaceAllString(sdp, "") }
}

func after(line, more string) func(string) string {
	re := lines(line)
	return func(sdp string) string {
		return re.ReplaceAllStringFunc(sdp, func(l string) string { return l + more + "\r\n" })
	}
}

// replace changes what it finds anywhere; `.` does not match the end of a line.
func replace(pattern, by string) func(string) string {
	re := regexp.MustCompile(strings.ReplaceAll(pattern, `.*`, `[^\r\n]*`))
	return func(sdp string) string { return re.ReplaceAllString(sdp, by) }
}

// moveFMTP takes the format parameters of the picture to what comes before it:
// the sound, if that is first, or the session.
func moveFMTP(sdp string) string {
	head, picture, _ := strings.Cut(sdp, "m=video")
	re := lines(`a=fmtp:.*`)
	return head + re.FindString(picture) + "m=video" + re.ReplaceAllString(picture, "")
}
