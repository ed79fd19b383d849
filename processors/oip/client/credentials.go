package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/internal/secret"
)

// TLS says how servers prove who they are, and we to them. The zero value
// trusts the system's authorities and shows no certificate.
type TLS struct {
	// CA is a PEM file with the authorities to trust instead of the system's.
	CA string `yaml:"ca"`
	// Cert and Key are PEM files of our own certificate, for servers that ask
	// for one; both or none. They are read again for each connection, so that
	// they can be renewed in place.
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
	// ServerName is the name in the server's certificate if it is not the
	// endpoint's host.
	ServerName string `yaml:"server_name"`
}

// Check reads the files and reports what is wrong with them. Its errors name the
// keys ca and cert.
func (t TLS) Check() error {
	_, err := t.config()
	return err
}

// config reads the files. Its errors name the keys ca and cert.
func (t TLS) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, invalid.Field("ca", "%v", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, invalid.Field("ca", "%s has no certificate in PEM form", t.CA)
		}
	}
	if t.Cert != "" {
		own := func() (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
			if err != nil {
				return nil, fmt.Errorf("certificate %s with key %s: %w", t.Cert, t.Key, err)
			}
			return &pair, nil
		}
		if _, err := own(); err != nil {
			return nil, invalid.Field("cert", "%v", err)
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own() }
	}
	return c, nil
}

func (e Endpoint) transport(c *tls.Config) credentials.TransportCredentials {
	if e.Secure {
		return credentials.NewTLS(c)
	}
	return insecure.NewCredentials()
}

// bearer puts the token into the header of every call.
type bearer struct {
	token secret.Secret
	// plain: also without TLS, because the user said so or it stays on the machine.
	plain bool
}

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.token.Reveal()}, nil
}

func (b bearer) RequireTransportSecurity() bool { return !b.plain }
