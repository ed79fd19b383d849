// Package batchsink gathers the frames of many camera feeds into batches for one
// processor, and gives every frame exactly one answer.
//
// A feed attaches to a coordinator, of which it holds a [Handle], and gets a
// [Port]. It submits frames and has each one's answer called back, in order, or
// waits for it:
//
//	h, err := batchsink.New(ctx, "objects", batchsink.DefaultConfig(), newProcessor, batchsink.Options{})
//	p, err := h.Attach("gate", batchsink.FeedOptions{Settled: func(t *batchsink.Ticket) {
//		show(t.Frame(), t.Result())
//	}})
//	_, err = p.Submit(frame, view) // never waits
//
// # Who owns what
//
// The coordinator alone owns its processors. Each has a worker: a goroutine
// locked to an OS thread of its own, on which Start, Process and Stop run, so
// that a processor needs no locks and native contexts may be bound to the
// thread. One more goroutine, the owner, keeps all deadlines, replaces what is
// lost and reports events. Nothing polls: workers sleep until they are signalled
// or the batch being formed is due, the owner until its next deadline.
//
// Submit runs on the feed's own thread. It takes one short lock, puts the entry
// in the queue, and signals a worker only if a batch is due; there is no
// goroutine in between. The worker cuts the batch under the same lock, processes
// it without, settles it, and calls the feeds back itself before it looks for
// the next one: it is woken once per batch, or not at all under load.
//
// Frames are reference-counted. An accepted frame has one reference of the
// ticket's, until Settled returned or the ticket was released, and one of the
// batch's, until Process returned. What Process is given are the batch's own
// copies of the entries. So a native call that hangs may go on reading and
// writing for as long as it likes: the feeds have their answers, its results are
// discarded, and its frames are released when it returns.
//
// # What happens to a submission
//
// A submission is refused at once, and the frame is still the feed's, with
// [ErrInFlight] (the feed has as many with the coordinator as its cap allows),
// [ErrQueueFull] or [ErrUnavailable]. Or it is accepted, and then settled exactly
// once, as delivered, failed, timeout or stopped. Answers of one feed come in
// order of submission, whoever processed them.
//
// A place under the cap is taken before an entry is queued and given back before
// its answer is sent: a feed that has its answer can submit again. An entry that
// timed out keeps its place until the coordinator reaches it, so that a slow
// processor never makes one feed fill the queue; what nobody waits for any more
// is then skipped, not processed.
//
// As long as the queue's capacity covers the caps of all feeds, which the
// default does, a queue is never full. A smaller one is shared out: each feed has
// an equal part that no other can take.
//
// # When a batch closes
//
// A batch is cut when a worker is free to take it, so that late entries still
// get in. It closes when it is full, or when the policy says so:
//
//   - window waits until the oldest entry is max_latency old. The fewest calls.
//   - fill does too, but only while another feed is expected before then.
//   - eager does not wait.
//   - adaptive learns what calls cost and waits only where it makes answers come
//     sooner. The default: in the sweep of loads among the tests it has the lowest
//     p99 of the policies that serve all that can be served, in over nine rows of
//     ten.
//
// Which entries go is decided by weight: the feed least served for its weight
// first. However the others behave, an entry of feed i, where feed j has cap cⱼ
// and weight wⱼ, is in one of the next
//
//	⌈ Σⱼ max(cⱼ, ⌈wⱼ/wᵢ⌉) / size ⌉
//
// batches. Batches of a single feed's frames, below, do not count.
//
// # Working ahead
//
// A processor that is a [Preparer] too has its entries prepared while they wait,
// by a few helper goroutines, beside the call under way: a picture becomes a
// model's input before its batch is cut. And it may leave work on an entry to be
// finished (frame.Entry.Finish), which a helper does after the batch's frames were
// released, while the next batch is processed. What a helper has in hand is waited
// for, what it has not begun the processor does itself: nothing waits for a helper
// that is merely to come.
//
// # When something is wrong
//
// An error or a panic fails the batch and nothing else. Unless isolate_failures
// is off, a failed batch is retried in halves, with at most 2·⌈log₂ n⌉ calls, so
// that one bad frame fails alone. If both halves fail it is the processor, and
// all fail. A feed that has poisoned three batches is processed alone for 30 s.
// Such extra calls are at most one in four in the long run.
//
// A call that takes longer than hang_timeout, or ten batches of one instance in a
// row without anything delivered, are a loss: the entries are settled, and the
// processor is made again, by its factory and on a fresh thread, after 1 s, 2 s, up
// to 30 s.
// Meanwhile Submit says unavailable, unless another instance serves the feed too.
// Feeds need do nothing. More than max_stuck calls that hang at one time are fatal,
// because their threads and frames cannot be had back: the program is told to
// exit.
//
// Stop answers everything before the processors are stopped: what is processed or
// being formed within three eighths of stop_timeout, the rest at once.
//
// # The account
//
// For each feed, and in total, when nothing is pending:
//
//	submitted = delivered + failed + timeout + stopped + queue_full + in_flight + unavailable
//
// exactly, whatever happened; a test plays ten thousand random schedules of
// hangs, panics, leaving feeds and early stops to hold it to that.
//
// # The trace
//
// With trace set, everything that decides on batches is recorded with its time:
// what feeds offered, answers, calls and what they took, who came, left and gave
// up, each question of a free instance and each batch. [ReplayTrace] forms the
// batches again, from that and nothing else, and they are the same: a test replays
// ten minutes of chaos. So a scheduling problem can be sent as a file, looked at
// step by step, and tried under another policy. A trace that cannot be written is
// an event, and harms nothing else.
//
// # Where to read on
//
// port.go is the way in, feed.go the way out. former.go forms batches; it is
// passive, with the time passed in, and asks policy.go when (which asks rhythm.go
// who is coming, and costs.go what a call takes) and fair.go who. inputs.go is what
// it is told; tape.go writes that down, replay.go and stage.go read it back, and
// model.go tries another policy on it. worker.go runs batches, isolate.go finds what
// is bad in them, verdict.go counts failures, owner.go watches, supervise.go
// replaces; ahead.go is what helpers do. Everything is guarded by one mutex,
// Handle.mu, held for moments.
package batchsink
