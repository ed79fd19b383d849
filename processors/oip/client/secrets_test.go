package client

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"

	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
	"github.com/nvpipe/nvpipe/processors/oip/oiptest"
)

const token = "s3cr3t-token-of-ours"

// without fails if the token, or most of it, is anywhere in what people see.
func (r *rig) without(t *testing.T, err error) {
	t.Helper()
	for what, text := range map[string]string{
		"error": fmt.Sprintf("%v %+v %#v", err, err, err), "notices": r.told(), "options": fmt.Sprintf("%v %+v %#v", r.opts, r.opts, r.opts),
	} {
		if strings.Contains(text, token[3:]) {
			t.Errorf("the token is in the %s: %s", what, text)
		}
	}
}

func TestToken(t *testing.T) {
	for name, c := range map[string]struct {
		ours  string
		plain bool
		good  bool
		wants string
	}{
		"right":               {token, true, true, ""},
		"wrong":               {"other-" + token, true, false, "check `token`"},
		"missing":             {"", true, false, "check `token`"},
		"not over plain text": {token, false, false, "transport"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, 1, func(r *rig, o *Options) {
				r.servers[0].Behave(oiptest.Behaviour{Token: token})
				o.Token, o.TokenInPlain = secret.New(c.ours), c.plain
			}, func(t *testing.T, r *rig) {
				_, err := r.Connect(t.Context())
				if c.good != (err == nil) {
					t.Fatal(err)
				}
				if c.good {
					r.mustInfer()
				} else {
					wants(t, err, "grpc://a:1", c.wants)
				}
				if c.ours == token {
					r.without(t, err)
				}
			})
		})
	}
}

// The token changes while we run; and a server that repeats what it got does
// not make it public.
func TestATokenSentBackIsBlottedOut(t *testing.T) {
	play(t, 1, func(r *rig, o *Options) {
		r.servers[0].Behave(oiptest.Behaviour{Token: token})
		o.Token, o.TokenInPlain = secret.New(token), true
	}, func(t *testing.T, r *rig) {
		r.connect()
		r.servers[0].Behave(oiptest.Behaviour{Token: "the-new-one"})
		err := r.infer()
		wants(t, err, "***", "check `token`")
		r.without(t, err)
		err = r.infer()
		wants(t, err, "no endpoint can be used")
		r.without(t, err)
	})
}

func TestForeignTextIsTamed(t *testing.T) {
	play(t, 1, nil, func(t *testing.T, r *rig) {
		r.connect()
		r.servers[0].Behave(oiptest.Behaviour{Code: codes.Internal, Text: "one\ntwo\x1b[31m" + strings.Repeat("é", 5000)})
		err := r.infer()
		wants(t, err, "one two")
		if text := err.Error(); strings.ContainsAny(text, "\n\x1b") || len(text) > 600 {
			t.Errorf("%q", text)
		}
	})
}

func TestTLS(t *testing.T) {
	ca, other := oiptest.NewAuthority(t), oiptest.NewAuthority(t)
	with := func(names ...string) credentials.TransportCredentials { return ca.ServerCredentials(names...) }
	for name, c := range map[string]struct {
		server credentials.TransportCredentials
		tls    TLS
		plain  bool
		wants  string
	}{
		"trusted":               {server: with("a"), tls: TLS{CA: ca.File}},
		"by another name":       {server: with("inference.example"), tls: TLS{CA: ca.File, ServerName: "inference.example"}},
		"wrong name":            {server: with("b"), tls: TLS{CA: ca.File}, wants: "certificate is valid for b, not a"},
		"unknown authority":     {server: with("a"), tls: TLS{CA: other.File}, wants: "unknown authority"},
		"the system's":          {server: with("a"), wants: "unknown authority"},
		"client certificate":    {server: ca.DemandingCredentials("a"), tls: TLS{CA: ca.File, Cert: ca.Cert, Key: ca.Key}},
		"no client certificate": {server: ca.DemandingCredentials("a"), tls: TLS{CA: ca.File}, wants: "grpcs://a:1"},
		"another's certificate": {server: ca.DemandingCredentials("a"), tls: TLS{CA: ca.File, Cert: other.Cert, Key: other.Key}, wants: "grpcs://a:1"},
		"server without TLS":    {tls: TLS{CA: ca.File}, wants: "TLS handshake"},
		"server wants TLS":      {server: with("a"), plain: true, wants: "grpc://a:1"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, 1, func(r *rig, o *Options) {
				if c.server != nil {
					r.servers[0] = oiptest.NewServer(oiptest.Sum{Type: tensor.Float32, Values: 3}, grpc.Creds(c.server))
				}
				o.Endpoints[0].Secure = !c.plain
				o.TLS = c.tls
				if !c.plain {
					o.Token = secret.New(token)
					r.servers[0].Behave(oiptest.Behaviour{Token: token})
				}
			}, func(t *testing.T, r *rig) {
				_, err := r.Connect(t.Context())
				if (err == nil) != (c.wants == "") {
					t.Fatalf("want %q: %v", c.wants, err)
				}
				if err == nil {
					r.mustInfer()
				} else {
					wants(t, err, c.wants)
				}
				r.without(t, err)
			})
		})
	}
}

func TestTLSFiles(t *testing.T) {
	ca := oiptest.NewAuthority(t)
	for name, c := range map[string]struct {
		tls   TLS
		wants string
	}{
		"no such file":   {TLS{CA: "no-such.pem"}, "ca: open no-such.pem: no such file"},
		"no certificate": {TLS{CA: ca.Key}, "has no certificate in PEM form"},
		"key missing":    {TLS{Cert: ca.Cert, Key: "no-such.pem"}, "cert: certificate"},
		"wrong key":      {TLS{Cert: ca.Cert, Key: oiptest.NewAuthority(t).Key}, "private key does not match"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(Options{TLS: c.tls})
			wants(t, err, c.wants)
		})
	}
}
