package metrics

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nvpipe/nvpipe/internal/secret"
)

func TestTokenIsAskedFor(t *testing.T) {
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "nvpipe_test", Help: "A figure."})
	for _, c := range []struct {
		token, sent string
		status      int
	}{
		{"", "", http.StatusOK},
		{"0123456789abcdef", "", http.StatusUnauthorized},
		{"0123456789abcdef", "Bearer 0123456789abcdeX", http.StatusUnauthorized},
		{"0123456789abcdef", "0123456789abcdef", http.StatusUnauthorized},
		{"0123456789abcdef", "Bearer 0123456789abcdef", http.StatusOK},
	} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.Header.Set("Authorization", c.sent)
		w := httptest.NewRecorder()
		Handler(gauge, secret.New(c.token)).ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("token %q, sent %q: status %d, want %d", c.token, c.sent, w.Code, c.status)
		}
		if has := strings.Contains(w.Body.String(), "nvpipe_test 0"); has != (c.status == http.StatusOK) {
			t.Errorf("token %q, sent %q: figures shown: %v", c.token, c.sent, has)
		}
		if c.token != "" && strings.Contains(w.Body.String(), c.token) {
			t.Errorf("the answer shows the token")
		}
	}
}
