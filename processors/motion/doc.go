// Package motion is the processor that needs no model: it finds what moves in
// front of a camera that stands still.
//
// Each feed has its own picture of the empty scene, learned in the first
// seconds and kept up with slow changes, on luma averaged down to about 200
// columns. What differs from it by clearly more than the noise at that place
// is foreground; connected foreground is a region; regions are followed with
// short tracks, so that a region in which two things cross comes out as two
// boxes and a thing that is seen in pieces as one.
//
// What it copes with: sensor and codec noise, light that changes slowly or is
// switched (boxes stop until the new light is learned, below a second), faint
// shadows, things that stop (ground after Config.Absorb) and things that were
// taken for ground and leave. What it does not: a moving camera (nothing is
// found while [frame.ViewState] says so or Epoch changes, then the scene is
// learned again), things of the ground's own brightness, and crowds.
//
// All learning goes by PTS, so that a feed of which only some frames come
// through is treated the same. State is bounded: per feed 16 bytes for each of
// about 25,000 cells, twice that while learning, and at most 64 tracks; for at
// most Config.MaxFeeds feeds.
package motion
