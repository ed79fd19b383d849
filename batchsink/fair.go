package batchsink

// Who goes next: the feed least served for its weight, as long as everybody's
// bound can still be kept.
//
// Each line has a pass: entries taken over weight (stride scheduling). The
// least goes first, ties by age. That alone shares well but bounds nobody's
// wait, so each entry is given, when accepted, the number of the batch that
// takes it at the latest: ⌈ Σⱼ max(cⱼ, ⌈wⱼ/wᵢ⌉) / size ⌉ batches on. Serving
// in order of these numbers always meets them: never more than Σ cⱼ entries
// are queued, which is no more than any entry's allowance, so an arrival
// pushes back only entries that still have room for it. The share may
// therefore decide freely until, for some number d, as many entries must go
// now as there is room left, or those due by d no longer fit into the batches
// up to d.

// credit is how many entries a feed that was away may catch up on. It lets a
// slow feed that just missed a batch be first at the next; the bound holds for
// any credit.
const credit = 8

// rebound works out every line's bound, after a line came, left or changed.
func (f *former) rebound() {
	for _, l := range f.lines {
		l.bound = 0
		for _, other := range f.lines {
			l.bound += max(other.depth, ceil(other.weight/l.weight))
		}
	}
}

// ceil rounds up, blind to the last bits of a quotient.
func ceil(x float64) int {
	n := int(x)
	if x-float64(n) > 1e-9 {
		n++
	}
	return n
}

// promise sets the batch by which e is taken. When others have left, the
// allowance is smaller than it was for the entries before e in its line;
// these then go by the same batch.
func (f *former) promise(e *entry) {
	size := f.shape.largest
	e.by = f.batches + uint64((e.line.bound+size-1)/size)
	for ahead := e.line.head; ahead != nil; ahead = ahead.behind {
		ahead.by = min(ahead.by, e.by)
	}
}

// fairest is the line whose head fills the next of room places in the batch
// being cut. There is at least one entry to take.
func (f *former) fairest(room int) *line {
	latest := f.urgency.limit(f, room)
	var best *line
	for _, l := range f.lines {
		e := l.head
		if e == nil || l.alone || e.by > latest {
			continue
		}
		if best == nil || l.pass < best.pass || (l.pass == best.pass && older(e, best.head)) {
			best = l
		}
	}
	return best
}

// older orders entries by submission; entries of one moment by their bound.
func older(a, b *entry) bool {
	if a.submitted != b.submitted {
		return a.submitted < b.submitted
	}
	return a.by < b.by
}

// urgency counts, by the number of batches left to them, the entries waiting
// while a batch is cut: due[k] must be in the k-th after it, or earlier.
type urgency struct{ due []int }

// begin counts for a batch with the given room; not at all if everything
// fits in.
func (u *urgency) begin(f *former, room int) {
	u.due = u.due[:0]
	if f.queued <= room {
		return
	}
	for e := f.oldest; e != nil; e = e.next {
		if e.line.alone {
			continue
		}
		ahead := f.ahead(e)
		for ahead >= len(u.due) {
			u.due = append(u.due, 0)
		}
		u.due[ahead]++
	}
}

// ahead is how many batches after the one being cut may take e.
func (f *former) ahead(e *entry) int {
	if e.by <= f.batches {
		return 0
	}
	return int(e.by - f.batches)
}

// took: e is in the batch.
func (u *urgency) took(f *former, e *entry) {
	if len(u.due) > 0 {
		u.due[f.ahead(e)]--
	}
}

// limit is the largest batch number that an entry may have to be taken next,
// with room places left in the batch being cut: the smallest d for which the
// entries due by d fill that room and all later batches up to d.
func (u *urgency) limit(f *former, room int) uint64 {
	due := 0
	for ahead, n := range u.due {
		if due += n; due >= room+ahead*f.shape.largest {
			return f.batches + uint64(ahead)
		}
	}
	return uint64(never)
}
