package offline

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Kind says how a file is looked at.
type Kind uint8

// The kinds. A Film is whatever is no picture: its demuxer knows more.
const (
	Picture Kind = iota
	Film
)

// KindOf looks at how the file begins: names lie.
func KindOf(path string) (Kind, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	if n == 0 {
		return 0, fmt.Errorf("%s is empty, must be a picture (JPEG, PNG) or a film (MP4, Matroska, MPEG-TS)", path)
	}
	switch kind := http.DetectContentType(head[:n]); {
	case kind == "image/jpeg" || kind == "image/png":
		return Picture, nil
	case strings.HasPrefix(kind, "image/"), strings.HasPrefix(kind, "text/"):
		return 0, fmt.Errorf("%s is %s, must be a picture (JPEG, PNG) or a film (MP4, Matroska, MPEG-TS); "+
			"ffmpeg converts most others", path, kind)
	}
	return Film, nil
}

// mark is in the names of annotated copies.
const mark = "-detected"

// CopyName is where the annotated copy of a file goes by itself: beside it.
func CopyName(path string, kind Kind) string {
	ext := filepath.Ext(path)
	stem := strings.TrimSuffix(path, ext)
	switch {
	case kind == Film:
		ext = ".mp4"
	case !slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(ext)):
		ext = ".jpg"
	}
	return stem + mark + ext
}

var extensions = []string{".jpg", ".jpeg", ".png", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".ts"}

// Files are the pictures and films of a folder by name, without those in
// folders below it and without annotated copies.
func Files(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if e.IsDir() || strings.HasSuffix(strings.TrimSuffix(e.Name(), ext), mark) {
			continue
		}
		if slices.Contains(extensions, strings.ToLower(ext)) {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no pictures or films: there is no file *%s", folder, strings.Join(extensions, ", *"))
	}
	return files, nil
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
