package client

// budget bounds retries by the calls made: each call earns a part of a retry,
// and a few are there from the start and at most.
type budget struct{ saved float64 }

const (
	// earned per call: one retry for five calls is far more than a healthy
	// network needs and adds little to the load of servers in trouble.
	earned = 0.2
	// most that is saved, so that good times do not pay for a storm.
	most = 5
)

func newBudget() budget { return budget{saved: most} }

// call notes a first attempt.
func (b *budget) call() { b.saved = min(b.saved+earned, most) }

// spend takes one retry; false: there is none left.
func (b *budget) spend() bool {
	if b.saved < 1 {
		return false
	}
	b.saved--
	return true
}
