package builtin

import (
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/processors/oip"
)

// remote is the type oip. Its settings are *oip.Config.
func remote() config.ProcessorType {
	return config.ProcessorType{
		New: func() config.Settings {
			c := oip.DefaultConfig()
			return &c
		},
		Files: oipFiles,
	}
}

func oipFiles(s config.Settings) []config.File {
	c := s.(*oip.Config)
	files := []config.File{{Key: "tls.ca", Path: &c.TLS.CA}, {Key: "tls.cert", Path: &c.TLS.Cert}, {Key: "tls.key", Path: &c.TLS.Key}}
	if c.LabelFile() {
		files = append(files, config.File{Key: "labels", Path: &c.Labels})
	}
	return files
}
