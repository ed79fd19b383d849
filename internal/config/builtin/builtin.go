// Package builtin is the table of the processor types that the program brings
// along. It is apart from package config so that loading a config needs no
// native library.
package builtin

import (
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/processors/motion"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// Processors returns a new table: a program that embeds nvpipe adds its own
// types to it. Settings are *motion.Config, *onnx.Config and *oip.Config.
func Processors() config.Registry {
	return config.Registry{
		"motion": {
			New: func() config.Settings {
				c := motion.DefaultConfig()
				return &c
			},
			WholeFrames: true, // it compares a picture with those before
		},
		"onnx": {
			New: func() config.Settings {
				c := onnx.DefaultConfig()
				return &c
			},
			Files: onnxFiles,
		},
		"oip": remote(),
	}
}

func onnxFiles(s config.Settings) []config.File {
	c := s.(*onnx.Config)
	files := []config.File{{Key: "model", Path: &c.Model}, {Key: "library", Path: &c.Library}}
	if c.LabelFile() {
		files = append(files, config.File{Key: "labels", Path: &c.Labels})
	}
	return files
}
