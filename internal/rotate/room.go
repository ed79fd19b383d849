package rotate

import (
	"fmt"
	"time"

	"github.com/nvpipe/nvpipe/internal/units"
)

// The volume is asked for its free space when that much has been written or
// that much time has gone by since: a call per write would be a round trip
// each on a network share.
const (
	spaceCheckBytes    = 1 << 20
	spaceCheckInterval = time.Second
)

type spaceCheck struct {
	at      time.Time
	written int64
}

func (c *spaceCheck) due() { c.at = time.Time{} }

func (c *spaceCheck) needed(n int64) bool {
	c.written += n
	return c.at.IsZero() || c.written >= spaceCheckBytes || time.Since(c.at) >= spaceCheckInterval
}

func (c *spaceCheck) done() { *c = spaceCheck{at: time.Now()} }

// room makes sure that n more bytes fit into the total and above the floor,
// and removes the oldest files where they do not.
func (s *Set) room(n int64) error {
	for s.used()+n > int64(s.cfg.MaxTotal) {
		if len(s.shelf) == 0 {
			return &Error{DiskFull, "write to", s.name.Dir,
				fmt.Errorf("the open file alone would exceed max_total, %v", s.cfg.MaxTotal)}
		}
		if err := s.dropOldest(); err != nil {
			return err
		}
	}
	if !s.space.needed(n) {
		return nil
	}
	for {
		ok, err := s.aboveFloor(n)
		if err != nil {
			return err
		}
		if ok {
			s.space.done()
			return nil
		}
		if err := s.dropOldest(); err != nil {
			return err
		}
	}
}

// aboveFloor reports whether the volume's floor stays free with n bytes more.
// Without, and with nothing left to remove, that is an error.
func (s *Set) aboveFloor(n int64) (bool, error) {
	space, err := s.fs.Space(s.name.Dir)
	if err != nil {
		e := classify("write to", s.name.Dir, err)
		return false, &Error{DiskFull, e.Op, e.Path, fmt.Errorf("its free space is unknown: %w", e.Err)}
	}
	floor := s.cfg.Floor(space.Total)
	if space.Free >= floor+uint64(n) {
		return true, nil
	}
	if len(s.shelf) == 0 {
		return false, &Error{DiskFull, "write to", s.name.Dir,
			fmt.Errorf("%v free on the volume, %v must stay free", units.Bytes(space.Free), units.Bytes(floor))}
	}
	return false, nil
}

func (s *Set) used() int64 {
	if s.open == nil {
		return s.shelved()
	}
	return s.shelved() + s.open.size
}

func (s *Set) shelved() (n int64) {
	for _, e := range s.shelf {
		n += e.size
	}
	return n
}

func (s *Set) dropOldest() error {
	oldest := s.shelf[0]
	if err := s.fs.Remove(oldest.path); err != nil && classOf(err) != NotFound {
		return classify("remove", oldest.path, err)
	}
	s.shelf = s.shelf[1:]
	s.removed++
	return nil
}
