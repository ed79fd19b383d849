package trace

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Version is the version of the format that this package writes and reads.
const Version = 1

// Header is what the former was made with. It does not change.
type Header struct {
	Processor string    `json:"processor"`
	Begun     time.Time `json:"begun"`
	Policy    string    `json:"policy"`
	// Window is how long the oldest entry may wait, or its target.
	Window time.Duration `json:"window_ns"`
	// Patience is how long after its submission an entry is given up.
	Patience time.Duration `json:"patience_ns"`
	// Largest is the most entries in one batch, 1–1024; Sizes those that the
	// processor accepts, ascending; empty: any.
	Largest int   `json:"largest"`
	Sizes   []int `json:"sizes,omitempty"`
	Lanes   int   `json:"lanes"`
	// Config is the coordinator's configuration, for who reads the trace.
	Config json.RawMessage `json:"config,omitempty"`
}

// Kind is what a record is about.
type Kind byte

// The kinds of records, with what Feed, N, Value and Entries mean in each.
const (
	// State is the whole state of the lane's former, in Record.State.
	KindState Kind = 'S'
	// Attached: a feed joins the lane; Record.Line is its state.
	KindAttached Kind = 'A'
	// Detached: Feed has left.
	KindDetached Kind = 'D'
	// Submitted: Feed offered N entries, which were accepted if Value is 1.
	KindSubmitted Kind = 's'
	// GivenUp: nobody waits for entry N any more.
	KindGivenUp Kind = 'g'
	// Swept: the entries given up were taken out.
	KindSwept Kind = 'w'
	// Removed: entry N was taken out.
	KindRemoved Kind = 'r'
	// Left: a ticket of Feed has left its cap.
	KindLeft Kind = 'l'
	// Answered: a ticket of Feed was answered; N is 1 if it was delivered,
	// Value the time since its submission.
	KindAnswered Kind = 'a'
	// Begun: the stream of Feed begins anew.
	KindBegun Kind = 'n'
	// Live: Feed means to submit if N is 1.
	KindLive Kind = 'v'
	// Cost: a call of N entries took Value.
	KindCost Kind = 'c'
	// Spent: N extra calls were made.
	KindSpent Kind = 'x'
	// Alone: Feed is processed alone from now if N is 1, and not if 0.
	KindAlone Kind = 'k'
	// Serving: N instances serve the lane.
	KindServing Kind = 'i'
	// Asked: a free instance asked when the next batch is due: at Value, for the
	// reason N.
	KindAsked Kind = 'q'
	// Batch: Entries were taken, for the reason N. Value is how many records of
	// the file are before this one, so that a missing one is noticed.
	KindBatch Kind = 'b'
	// Lost: N records could not be kept. States of all lanes follow.
	KindLost Kind = 'L'
	// End: the coordinator has ended.
	KindEnd Kind = 'E'
)

const kinds = "SADsgwrlanvcxkiqbLE"

// Record is one input of a former, or one batch.
type Record struct {
	Kind    Kind
	Lane    int
	At      time.Duration
	Feed    int
	N       int64
	Value   int64
	Entries []uint64
	Line    *Line
	State   *State
}

// Line is one feed as the former knows it.
type Line struct {
	// Feed numbers the feeds of a coordinator, from 1.
	Feed int    `json:"feed"`
	Name string `json:"name"`
	// Cap is in tickets, Depth in entries.
	Cap    int     `json:"cap"`
	Depth  int     `json:"depth"`
	Weight float64 `json:"weight"`
	Live   bool    `json:"live"`
	Alone  bool    `json:"alone"`
	Held   int     `json:"held"`
	Pass   float64 `json:"pass"`
	Rhythm Rhythm  `json:"rhythm"`
}

// Rhythm is what is known of when a feed submits.
type Rhythm struct {
	Nominal   time.Duration `json:"nominal"`
	Began     time.Duration `json:"began"`
	LastFrame time.Duration `json:"last_frame"`
	LastEnd   time.Duration `json:"last_end"`
	Arrivals  int           `json:"arrivals"`
	ByFrame   Pace          `json:"by_frame"`
	ByAnswer  Pace          `json:"by_answer"`
}

// Pace is an interval's weighted mean and deviation over N intervals.
type Pace struct {
	Mean time.Duration `json:"mean"`
	Dev  time.Duration `json:"dev"`
	N    int           `json:"n"`
}

// Entry is one entry that waits for a batch.
type Entry struct {
	Number    uint64        `json:"number"`
	Feed      int           `json:"feed"`
	Submitted time.Duration `json:"submitted"`
	By        uint64        `json:"by"`
	Dead      bool          `json:"dead,omitempty"`
}

// State is everything that a former knows.
type State struct {
	Serving int     `json:"serving"`
	Added   uint64  `json:"added"`
	Batches uint64  `json:"batches"`
	Virtual float64 `json:"virtual"`
	Extra   float64 `json:"extra"`
	// Costs[n] is what a call of n entries takes; 0: not known.
	Costs []time.Duration `json:"costs"`
	Lines []Line          `json:"lines"`
	Queue []Entry         `json:"queue"`
}

// maxLine bounds a line of a file: the state of some ten thousand feeds.
const maxLine = 16 << 20

// appendTo appends the record's line to b, without allocating unless it has a
// Line or State.
func (r *Record) appendTo(b []byte) []byte {
	b = append(b, byte(r.Kind), ' ')
	b = strconv.AppendInt(b, int64(r.Lane), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(r.At), 10)
	switch {
	case r.State != nil:
		return appendJSON(b, r.State)
	case r.Line != nil:
		return appendJSON(b, r.Line)
	}
	numbers := [...]int64{int64(r.Feed), r.N, r.Value}
	last := len(numbers)
	if len(r.Entries) == 0 {
		for last > 0 && numbers[last-1] == 0 {
			last--
		}
	}
	for _, n := range numbers[:last] {
		b = append(b, ' ')
		b = strconv.AppendInt(b, n, 10)
	}
	for _, e := range r.Entries {
		b = append(b, ' ')
		b = strconv.AppendUint(b, e, 10)
	}
	return append(b, '\n')
}

func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("a record of numbers and names cannot be encoded: %v", err))
	}
	return append(append(append(b, ' '), text...), '\n')
}

// mostAhead is more batches than any entry has to wait for.
const mostAhead = 1 << 22

// check refuses what no former can have been in.
func (s *State) check() error {
	known := map[int]bool{}
	for i := range s.Lines {
		l := &s.Lines[i]
		if err := l.check(); err != nil {
			return err
		}
		if known[l.Feed] {
			return fmt.Errorf("feed %d is there twice", l.Feed)
		}
		known[l.Feed] = true
	}
	for _, e := range s.Queue {
		if !known[e.Feed] {
			return fmt.Errorf("entry %d is of feed %d, which is not there", e.Number, e.Feed)
		}
		if e.By > s.Batches+mostAhead {
			return fmt.Errorf("entry %d is promised batch %d, and this is batch %d", e.Number, e.By, s.Batches)
		}
	}
	return nil
}

func (l *Line) check() error {
	if !(l.Weight > 0 && l.Weight <= 1e6) || l.Cap < 1 || l.Depth < l.Cap || l.Depth > 1<<20 {
		return fmt.Errorf("feed %d has weight %g, cap %d and depth %d", l.Feed, l.Weight, l.Cap, l.Depth)
	}
	return nil
}

func (h *Header) check() error {
	switch {
	case h.Largest < 1 || h.Largest > 1024:
		return fmt.Errorf("the largest batch is %d", h.Largest)
	case h.Lanes < 1 || h.Lanes > 1024:
		return fmt.Errorf("it has %d lanes", h.Lanes)
	case len(h.Sizes) > 0 && (!slices.IsSorted(h.Sizes) || h.Sizes[0] < 1 || h.Sizes[len(h.Sizes)-1] < h.Largest || h.Sizes[len(h.Sizes)-1] > 1<<20):
		return fmt.Errorf("its batch sizes are %v", h.Sizes)
	}
	return nil
}
