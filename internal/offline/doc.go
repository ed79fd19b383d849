// Package offline looks at pictures and films with one processor, frame by
// frame, as fast as that goes: nothing is batched, paced or dropped. What was
// found goes to a function, and as boxes onto a copy of the picture or film.
package offline
