package gstgraph

// #include "shim.h"
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/nvpipe/nvpipe/pipeline"
)

// buildFilm makes a film's source; the rest follows when the demuxer has shown
// what is in it.
func (g *graph) buildFilm(f pipeline.Film) error {
	demuxer, err := demuxerFor(f.Path)
	if err != nil {
		return err
	}
	chain, err := g.elements.chain(g.in, step{"filesrc", props{"location": verbatim(f.Path)}}, step{demuxer, nil})
	if err != nil {
		return unsupported(err)
	}
	C.nv_source_demux(g.c, pointer(chain[1]))
	// tsdemux knows no segment seeks: its film ends, and is opened again.
	g.seamless = f.Loop && demuxer != "tsdemux"
	return nil
}

// demuxerFor looks at how the file begins: names lie.
func demuxerFor(path string) (string, error) {
	head, err := readHead(path)
	if err != nil {
		reason := pipeline.ReasonConfig
		if errors.Is(err, fs.ErrNotExist) {
			reason = pipeline.ReasonNotFound
		}
		return "", &pipeline.Error{Reason: reason, Err: fmt.Errorf("open the film: %w", err)}
	}
	switch {
	case len(head) >= 8 && (bytes.Equal(head[4:8], []byte("ftyp")) || bytes.Equal(head[4:8], []byte("moov"))):
		return "qtdemux", nil
	case bytes.HasPrefix(head, []byte{0x1a, 0x45, 0xdf, 0xa3}):
		return "matroskademux", nil
	case len(head) > 188 && head[0] == 0x47 && head[188] == 0x47:
		return "tsdemux", nil
	}
	return "", unsupported(fmt.Errorf("%s is no film that can be played: MP4, Matroska and MPEG transport streams can", path))
}

func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 189)
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return head[:n], err
}
