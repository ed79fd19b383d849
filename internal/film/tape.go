package film

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rotate"
)

// maxPart is a part's size in bytes whatever its duration, so that a film of
// huge pictures is not gathered in memory.
const maxPart = 4 << 20

// tape decides what goes into which file. It belongs to the Writer's goroutine
// and tells it what became of each packet.
type tape struct {
	w   *Writer
	cfg Config
	set *rotate.Set

	file    *rotate.File // nil: waiting for a keyframe to begin one
	mux     *muxer
	params  params // the newest known
	lastPTS time.Duration
	group   int // bytes since the last keyframe
	packets uint64
}

func newTape(w *Writer, set *rotate.Set) *tape { return &tape{w: w, cfg: w.cfg, set: set} }

func (t *tape) open() bool { return t.file != nil }

// holds is the number of packets of the part that is not written yet.
func (t *tape) holds() int {
	if t.mux == nil {
		return 0
	}
	return len(t.mux.samples)
}

// take puts one packet where it belongs. An error is the disk's; the packet is
// counted either way.
func (t *tape) take(p frame.Packet) error {
	u, err := parse(p)
	if err != nil {
		t.w.refuse(Malformed, 1)
		return nil
	}
	if t.open() && t.ends(p, u) {
		if err := t.close(); err != nil {
			t.w.refuse(NotWritable, 1)
			return err
		}
	}
	if p.Keyframe {
		t.params = t.params.with(u.params)
	}
	if !t.open() {
		if !p.Keyframe || !t.params.complete() {
			t.w.refuse(NoKeyframe, 1)
			return nil
		}
		if err := t.begin(p); err != nil {
			t.w.refuse(NotWritable, 1)
			return err
		}
		if !t.open() {
			t.w.refuse(Malformed, 1)
			return nil
		}
	}
	return t.append(p, u)
}

// ends reports whether the open file ends before this packet, and lets the last
// sample last until then unless there is a gap.
func (t *tape) ends(p frame.Packet, u unit) bool {
	if p.PTS <= t.lastPTS || p.PTS-t.lastPTS > t.cfg.MaxGap {
		return true
	}
	ends := !t.fits(p)
	if p.Keyframe {
		// The group that begins here should fit too: a file can only be
		// continued by another at a keyframe.
		ends = ends || !t.file.Fits(t.mux.size(len(p.Data))+t.group*5/4) ||
			p.PTS-t.mux.start >= t.cfg.MaxDuration ||
			!t.params.with(u.params).equal(t.params)
	}
	if ends {
		t.mux.follow(p.PTS)
	}
	return ends
}

// fits reports whether the file keeps its size limit with this packet.
func (t *tape) fits(p frame.Packet) bool { return t.file.Fits(t.mux.size(len(p.Data))) }

// begin starts a file. It stays closed when the parameters make no header, or
// the packet fits into no file.
func (t *tape) begin(p frame.Packet) error {
	head, err := header(t.params)
	mux := newMuxer(p.PTS)
	if err != nil || len(head)+mux.size(len(p.Data)) > int(t.cfg.Rotation.MaxFileSize) {
		return nil
	}
	at := p.Captured
	if at.IsZero() {
		at = time.Now()
	}
	file, err := t.set.Create(at)
	if err != nil {
		return err
	}
	t.file, t.mux, t.packets, t.group = file, mux, 0, 0
	if err := file.Append(head); err != nil {
		return err
	}
	t.w.emit(Event{Kind: Opened, Feed: t.w.feed, Path: file.Path()})
	return nil
}

func (t *tape) append(p frame.Packet, u unit) error {
	at := t.mux.follow(p.PTS)
	if t.mux.length(at) >= t.cfg.Part || t.mux.size(len(p.Data)) > maxPart {
		if err := t.flush(); err != nil {
			t.w.refuse(NotWritable, 1)
			return err
		}
	}
	if err := t.mux.add(at, p.Keyframe, u.slices); err != nil {
		t.w.refuse(Malformed, 1)
		return nil
	}
	t.lastPTS = p.PTS
	if p.Keyframe {
		t.group = 0
	}
	t.group += len(p.Data) + sampleOverhead
	return nil
}

// flush writes the part that is held.
func (t *tape) flush() error {
	if t.holds() == 0 {
		return nil
	}
	data, samples, err := t.mux.part()
	if err == nil {
		err = t.file.Append(data)
	}
	if err != nil {
		t.w.refuse(NotWritable, samples)
		return err
	}
	t.w.wrote(samples)
	t.packets += uint64(samples)
	return nil
}

// close ends the file with what is held.
func (t *tape) close() error {
	if !t.open() {
		return nil
	}
	if err := t.flush(); err != nil {
		return err
	}
	return t.end()
}

// discard gives the file up after an error. What is in it stays playable.
func (t *tape) discard() {
	if t.open() {
		t.w.refuse(NotWritable, t.holds())
		// The error that led here is the one to report.
		_ = t.end()
	}
}

func (t *tape) end() error {
	file, mux := t.file, t.mux
	t.file, t.mux = nil, nil
	err := file.Close()
	if file.Size() > 0 {
		t.w.emit(Event{
			Kind: Closed, Feed: t.w.feed, Path: file.Path(), Count: t.packets,
			Length: time.Duration(mux.end) * time.Second / ticksPerSecond,
		})
	}
	return err
}
