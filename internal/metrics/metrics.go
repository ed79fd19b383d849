// Package metrics serves figures to Prometheus.
package metrics

import (
	"crypto/subtle"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/nvpipe/nvpipe/internal/secret"
)

// Handler serves the collector's figures, and those of the process, at
// /metrics. With a token it asks for `Authorization: Bearer TOKEN`.
func Handler(c prometheus.Collector, token secret.Secret) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(c, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", guarded(promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}), token))
	return mux
}

func guarded(next http.Handler, token secret.Secret) http.Handler {
	if token.IsZero() {
		return next
	}
	want := []byte("Bearer " + token.Reveal())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="nvpipe"`)
			http.Error(w, "metrics need the token of metrics.token: Authorization: Bearer TOKEN", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
