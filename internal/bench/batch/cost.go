package batch

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Cost is what a call of the processor takes: Base + Each·n for n entries.
type Cost struct{ Base, Each time.Duration }

// ParseCost reads "4ms+1ms": base and what each entry adds. One duration alone
// is the base, of calls that cost the same at any size.
func ParseCost(text string) (c Cost, err error) {
	base, each, linear := strings.Cut(text, "+")
	c.Base, err = time.ParseDuration(base)
	if err == nil && linear {
		c.Each, err = time.ParseDuration(each)
	}
	if err != nil || c.Base < 0 || c.Each < 0 {
		return Cost{}, fmt.Errorf("must be two durations like 4ms+1ms, a call's and what each entry adds, is %q", text)
	}
	return c, nil
}

// Of is what a call for n entries takes.
func (c Cost) Of(n int) time.Duration {
	if c.Each > 0 && time.Duration(n) > (math.MaxInt64-c.Base)/c.Each {
		return math.MaxInt64
	}
	return c.Base + c.Each*time.Duration(n)
}

// String is the form that ParseCost reads.
func (c Cost) String() string { return fmt.Sprintf("%v+%v", c.Base, c.Each) }

// Set makes a *Cost a flag.Value.
func (c *Cost) Set(text string) (err error) {
	*c, err = ParseCost(text)
	return err
}
