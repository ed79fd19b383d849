// Ortfetch finds ONNX Runtime's shared library on this machine, or downloads
// it, and prints its path. scripts/onnxruntime runs it; it needs nothing but Go.
//
// In order: $NVPIPE_ONNXRUNTIME; what was downloaded before; /usr/lib/nvpipe;
// the system's; the project's own release archive; the copy inside the npm
// package onnxruntime-node. A download is used only if its digest is the one
// written here.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
)

func main() {
	var o options
	flag.StringVar(&o.cache, "cache", filepath.Join(".cache", "onnxruntime"), "folder for downloads: DIR/VERSION/ARCH/"+libraryName)
	flag.StringVar(&o.into, "into", "", "download into this folder and look nowhere else, for packaging")
	flag.StringVar(&o.arch, "arch", defaultArch(), "x64 or arm64; another than this machine's only with -into")
	flag.BoolVar(&o.offline, "print", false, "print what there is; download nothing")
	flag.Parse()
	if err := o.validate(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "onnxruntime:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	path, err := o.library(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "onnxruntime:", err)
		os.Exit(1)
	}
	fmt.Println(path)
}

type options struct {
	cache, into, arch string
	offline           bool
}

func defaultArch() string {
	if runtime.GOARCH == "amd64" {
		return "x64"
	}
	return runtime.GOARCH
}

func (o options) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("takes no arguments, has %q", rest)
	case o.arch != "x64" && o.arch != "arm64":
		return fmt.Errorf("there is no library for %q, only for x64 and arm64: build ONNX Runtime and set %s", o.arch, env)
	case o.into == "" && o.arch != defaultArch():
		return errors.New("-arch of another machine needs -into")
	case o.into != "" && o.offline:
		return errors.New("-into downloads, -print does not")
	}
	return nil
}

// library is the path of a usable library.
func (o options) library(ctx context.Context) (string, error) {
	if o.into == "" {
		path, err := present(o.cache, o.arch)
		if path != "" || err != nil {
			return path, err
		}
	}
	if o.offline {
		return "", errors.New("no library on this machine; run scripts/setup")
	}
	var errs []error
	for _, s := range sources(o.arch) {
		target := filepath.Join(o.cache, s.version, o.arch, libraryName)
		if o.into != "" {
			target = filepath.Join(o.into, libraryName)
		}
		fmt.Fprintf(os.Stderr, "onnxruntime: fetching ONNX Runtime %s from %s\n", s.version, redacted(s.url))
		err := s.install(ctx, target)
		if err == nil {
			return filepath.Abs(target)
		}
		errs = append(errs, fmt.Errorf("%s: %w", redacted(s.url), err))
	}
	return "", fmt.Errorf("no library could be had; put libonnxruntime.so of ONNX Runtime 1.24 or newer somewhere and set %s:\n%w", env, errors.Join(errs...))
}
