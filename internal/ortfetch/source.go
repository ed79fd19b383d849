package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// source is an archive with the library inside, known by its digest.
type source struct {
	version string
	url     string
	digest  digest
	// member is the library's name in the archive.
	member string
}

// digest is what an archive must hash to.
type digest struct {
	new  func() hash.Hash
	want []byte
}

func sha256Hex(s string) digest {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return digest{sha256.New, b}
}

// sha512Base64 is the form that npm calls integrity.
func sha512Base64(s string) digest {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return digest{sha512.New, b}
}

const (
	releaseVersion = "1.24.2"
	npmVersion     = "1.30.0"
)

// sources lists where the library for arch (x64 or arm64) can be had, best first.
func sources(arch string) []source {
	release := map[string]struct{ name, sha256 string }{
		"x64":   {"linux-x64", "43725474ba5663642e17684717946693850e2005efbd724ac72da278fead25e6"},
		"arm64": {"linux-aarch64", "6715b3d19965a2a6981e78ed4ba24f17a8c30d2d26420dbed10aac7ceca0085e"},
	}[arch]
	folder := "onnxruntime-" + release.name + "-" + releaseVersion
	return []source{{
		version: releaseVersion,
		url:     "https://github.com/microsoft/onnxruntime/releases/download/v" + releaseVersion + "/" + folder + ".tgz",
		digest:  sha256Hex(release.sha256),
		member:  folder + "/lib/libonnxruntime.so." + releaseVersion,
	}, {
		version: npmVersion,
		url:     registry() + "/onnxruntime-node/-/onnxruntime-node-" + npmVersion + ".tgz",
		digest:  sha512Base64("twhs1C2C/BFkz1yc5OY0KIU2GUq6DURO7hD4bx5Q2Qy3nAMJwRXW8xU3NVczE29VA9lolLOYepoD8fjTGOfIqw=="),
		member:  "package/bin/napi-v6/linux/" + arch + "/" + libraryName,
	}}
}

// What an archive and the library inside may measure; today's are 114 and 46 MB.
const (
	maxArchive = 512 << 20
	maxLibrary = 256 << 20
)

// install downloads the archive and puts the library at target. target is
// written only when the whole archive has the right digest.
func (s source) install(ctx context.Context, target string) (err error) {
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, "."+libraryName+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	err = s.extract(ctx, tmp)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), target)
}

func (s source) extract(ctx context.Context, out io.Writer) error {
	body, err := get(ctx, s.url)
	if err != nil {
		return err
	}
	defer body.Close()
	sum := s.digest.new()
	archive := io.TeeReader(io.LimitReader(body, maxArchive), sum)
	memberErr := s.copyMember(archive, out)
	// What follows the library counts for the digest too. A wrong digest is the
	// better explanation of whatever else went wrong, unless reading failed.
	if _, err := io.Copy(io.Discard, archive); err != nil {
		return err
	}
	if got := sum.Sum(nil); string(got) != string(s.digest.want) {
		return fmt.Errorf("the download has the digest %x, must have %x: not used", got, s.digest.want)
	}
	return memberErr
}

func (s source) copyMember(archive io.Reader, out io.Writer) error {
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return err
	}
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("no %s in the archive", s.member)
		}
		if err != nil {
			return err
		}
		if h.Name != s.member {
			continue
		}
		if h.Size > maxLibrary || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("%s in the archive is no file of at most %d MiB", s.member, maxLibrary>>20)
		}
		_, err = io.Copy(out, files)
		return err
	}
}
