package oip

import (
	"errors"
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/secret"
	"github.com/nvpipe/nvpipe/processors/detect"
	"github.com/nvpipe/nvpipe/processors/oip/client"
)

// Config is one remote detector as users set it.
type Config struct {
	// Endpoints are the gRPC addresses of the servers: `grpc://host:port`, or
	// `grpcs://host:port` where the connection is encrypted. The first that
	// works is used; the others stand in for it. All must have the same model.
	Endpoints []string `yaml:"endpoints"`
	// Spread sends batches to all endpoints that work in turn, instead of to
	// the first.
	Spread bool `yaml:"spread"`
	// Model is the model's name on the server.
	Model string `yaml:"model"`
	// ModelVersion is the version to use; empty: the server chooses.
	ModelVersion string `yaml:"model_version"`
	// Deadline is how long one try of a batch may take, 1ms–10m; it must leave
	// room below the hang_timeout of the batch.
	Deadline time.Duration `yaml:"deadline"`
	// Retries is the most further tries of a batch, 0–10, each at another
	// endpoint if there is one. Over time they are at most one for five batches.
	Retries int `yaml:"retries"`
	// TLS is how servers prove who they are, for `grpcs://`.
	TLS client.TLS `yaml:"tls"`
	// Token is sent as `authorization: Bearer …` to servers at `grpcs://` and on
	// this machine itself.
	Token secret.Secret `yaml:"token"`
	// AllowPlaintextToken sends Token to any server, for all on the way to read.
	AllowPlaintextToken bool `yaml:"allow_plaintext_token"`

	detect.Config `yaml:",inline"`
}

// DefaultConfig has everything but endpoints and model.
func DefaultConfig() Config {
	return Config{Deadline: time.Second, Retries: 1, Config: detect.DefaultConfig()}
}

const (
	maxEndpoints = 16
	maxRetries   = 10
	maxDeadline  = 10 * time.Minute
)

// Validate reports every setting that is wrong by itself. Class names and the
// size of the input are checked by Start, against the model.
func (c Config) Validate() error {
	var errs []error
	add := func(key, format string, args ...any) { errs = append(errs, invalid.Field(key, format, args...)) }
	if c.Model == "" {
		add("model", "must be the model's name on the server, is empty")
	}
	if c.Deadline < time.Millisecond || c.Deadline > maxDeadline {
		add("deadline", "must be 1ms–%v, is %v", maxDeadline, c.Deadline)
	}
	if c.Retries < 0 || c.Retries > maxRetries {
		add("retries", "must be 0–%d, is %d", maxRetries, c.Retries)
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		add("tls.cert", "tls.cert and tls.key go together: set both or none")
	}
	endpoints, err := c.endpoints()
	errs = append(errs, err)
	secure := false
	for i, e := range endpoints {
		secure = secure || e.Secure
		if !c.Token.IsZero() && !e.Secure && !e.Local() && !c.AllowPlaintextToken {
			add(fmt.Sprintf("endpoints[%d]", i), "would send the token in plain text to another machine: use grpcs://, or allow_plaintext_token: true if the network can be trusted")
		}
	}
	if err == nil && !secure && c.TLS != (client.TLS{}) {
		add("tls", "no endpoint is grpcs://, so this has no effect: write grpcs:// for the servers that speak TLS, or leave it out")
	}
	return errors.Join(append(errs, c.Config.Validate())...)
}

// endpoints reads the addresses. Its errors do not repeat them: somebody may
// have written a password into one.
func (c Config) endpoints() ([]client.Endpoint, error) {
	if n := len(c.Endpoints); n < 1 || n > maxEndpoints {
		return nil, invalid.Field("endpoints", "must be 1–%d addresses such as grpc://triton:8001, are %d", maxEndpoints, n)
	}
	var all []client.Endpoint
	var errs []error
	seen := map[client.Endpoint]bool{}
	for i, text := range c.Endpoints {
		key := fmt.Sprintf("endpoints[%d]", i)
		e, err := client.ParseEndpoint(text)
		switch {
		case err != nil:
			errs = append(errs, invalid.Field(key, "%v", err))
		case seen[e]:
			errs = append(errs, invalid.Field(key, "%s is there twice", e))
		}
		seen[e] = true
		all = append(all, e)
	}
	return all, errors.Join(errs...)
}
