package client

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// longestReason bounds how much of a server's own words is passed on.
const longestReason = 400

// failure is why a call to one endpoint failed. It does not wrap what gRPC
// said: a server's words may have the token in them.
type failure struct {
	endpoint Endpoint
	code     codes.Code
	text     string
}

func (f *failure) Error() string { return f.endpoint.String() + ": " + f.text }

// explain makes a failure of an error, with advice where the code calls for it.
func (c *Client) explain(e Endpoint, err error) *failure {
	s := status.Convert(err)
	text := c.clean(unframed(s.Message()))
	switch s.Code() {
	case codes.Unknown: // also errors that are none of gRPC's
	case codes.DeadlineExceeded:
		text = "no answer within the deadline"
	case codes.Unauthenticated, codes.PermissionDenied:
		text = fmt.Sprintf("refuses us (%s: %s): check `token`, or `tls`", s.Code(), text)
	case codes.NotFound:
		text = fmt.Sprintf("does not have the model (%s): check `model` and `model_version`", text)
	case codes.Unimplemented:
		text = fmt.Sprintf("does not speak the Open Inference Protocol (%s): check that this is the server's gRPC port", text)
	default:
		text = fmt.Sprintf("%s: %s", s.Code(), text)
	}
	return &failure{e, s.Code(), text}
}

// unframed is gRPC's text about a connection without its own frame around the
// reason; any other text stays.
func unframed(text string) string {
	quoted, ok := strings.CutPrefix(text, "connection error: desc = ")
	if !ok {
		return text
	}
	inner, err := strconv.Unquote(quoted)
	if err != nil {
		return text
	}
	return strings.TrimPrefix(strings.TrimPrefix(inner, "transport: "), "Error while dialing: ")
}

// clean makes a foreign text fit for one line of ours.
func (c *Client) clean(text string) string {
	if token := c.opts.Token.Reveal(); token != "" {
		text = strings.ReplaceAll(text, token, "***")
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > longestReason {
		text = strings.ToValidUTF8(text[:longestReason], "") + "…"
	}
	return text
}
