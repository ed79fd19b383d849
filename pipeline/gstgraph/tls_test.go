package gstgraph

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
	"github.com/nvpipe/nvpipe/internal/rtspcam/testclip"
	"github.com/nvpipe/nvpipe/pipeline"
)

// ownCertificate is one that a camera has made for itself, and its PEM file.
func ownCertificate(t *testing.T, change func(*x509.Certificate)) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "camera"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "camera.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// Pictures come encrypted from the camera that is meant, or not at all.
func TestRTSPS(t *testing.T) {
	t.Parallel()
	same := func(*x509.Certificate) {}
	_, strangers := ownCertificate(t, same)
	for name, c := range map[string]struct {
		certificate func(*x509.Certificate)
		caFile      string // empty: the camera's own
		system      bool   // no CA file
		anyName     bool
		works       bool
	}{
		"its own certificate":   {certificate: same, works: true},
		"another's":             {certificate: same, caFile: strangers},
		"the system's":          {certificate: same, system: true},
		"another name":          {certificate: func(c *x509.Certificate) { c.IPAddresses = nil }},
		"another name, allowed": {certificate: func(c *x509.Certificate) { c.IPAddresses = nil }, anyName: true, works: true},
		"any name of another":   {certificate: same, caFile: strangers, anyName: true},
		"expired":               {certificate: func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }},
	} {
		t.Run(name, func(t *testing.T) {
			certificate, own := ownCertificate(t, c.certificate)
			cam := camera(t, testclip.H264(), rtspcam.Options{TLS: &tls.Config{Certificates: []tls.Certificate{certificate}}})
			s := rtsp(cam.URL())
			s.RTSP.AnyName = c.anyName
			switch {
			case c.caFile != "":
				s.RTSP.CAFile = c.caFile
			case !c.system:
				s.RTSP.CAFile = own
			}
			r := newRecorder()
			g := start(t, s, pipeline.GraphSettings{}, r)
			if c.works {
				r.untilFrames(t, 3)
				balanced(t, g, r)
				return
			}
			e := r.untilEvent(t, pipeline.EventError)
			if e.Reason != pipeline.ReasonUntrusted || !strings.Contains(e.Err.Error(), "certificate") {
				t.Errorf("%q: %v", e.Reason, e.Err)
			}
			if n := cam.Counts().Describe; n != 0 {
				t.Error("the camera was asked all the same")
			}
		})
	}
}

func TestCAFileThatIsNone(t *testing.T) {
	for name, path := range map[string]string{"missing": filepath.Join(t.TempDir(), "none.pem"), "no certificates": "tls_test.go"} {
		s := rtsp("rtsps://127.0.0.1:1/stream")
		s.RTSP.CAFile = path
		_, err := Build(s, pipeline.GraphSettings{}, newRecorder())
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), string(pipeline.ReasonConfig)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
