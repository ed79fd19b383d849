package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// How long a server may be silent: to connect and answer, and between any two
// reads of the body. Then the next source is tried.
const (
	answerTimeout = 10 * time.Second
	stallTimeout  = 30 * time.Second
)

// get opens address; reading fails when nothing comes for stallTimeout.
func get(ctx context.Context, address string) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() // proxies as the environment says
	transport.DialContext = (&net.Dialer{Timeout: answerTimeout}).DialContext
	transport.TLSHandshakeTimeout = answerTimeout
	transport.ResponseHeaderTimeout = answerTimeout
	transport.DisableKeepAlives = true // one download, one connection
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		cancel(nil)
		return nil, fmt.Errorf("the server says %s", response.Status)
	}
	return watch(ctx, cancel, response.Body), nil
}

func watch(ctx context.Context, cancel context.CancelCauseFunc, r io.ReadCloser) *body {
	stalled := time.AfterFunc(stallTimeout, func() { cancel(fmt.Errorf("nothing came for %v", stallTimeout)) })
	return &body{r, ctx, cancel, stalled}
}

// body ends its request when it stalls.
type body struct {
	io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	stalled *time.Timer
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.stalled.Reset(stallTimeout)
	if err != nil && err != io.EOF && b.ctx.Err() != nil {
		err = context.Cause(b.ctx)
	}
	return n, err
}

func (b *body) Close() error {
	b.stalled.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close()
}

// redacted is a URL without the password that a registry's may have.
func redacted(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "a malformed URL"
	}
	return u.Redacted()
}

const npmjs = "https://registry.npmjs.org"

// registry is npm's registry as npm itself would choose it: environment, then
// the user's .npmrc, then the public one.
func registry() string {
	for _, name := range []string{"npm_config_registry", "NPM_CONFIG_REGISTRY"} {
		if v := os.Getenv(name); v != "" {
			return strings.TrimRight(v, "/")
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return npmjs
	}
	if v := npmrcRegistry(filepath.Join(home, ".npmrc")); v != "" {
		return strings.TrimRight(v, "/")
	}
	return npmjs
}

// npmrcRegistry reads one key of an .npmrc, the last one counting; "" if there is none.
func npmrcRegistry(path string) (found string) {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(io.LimitReader(f, 1<<20)); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), "=")
		if ok && strings.TrimSpace(key) == "registry" {
			found = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return found
}
