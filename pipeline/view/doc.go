// Package view finds out by the pictures of a camera where it looks: whether it
// has been turned, and whether it can see at all. [Estimator] is the view
// provider of feeds with `view: estimated`.
//
// About five times a second a frame's luma is averaged down to 96 × 64 cells,
// of which the edges are kept, relative to the edges around them: neither a
// gain nor contrast turned around by infrared light changes those much. They
// are compared with those of the reference view in 64 blocks that have one
// voice each, so that a foreground counts by the room it takes and not by its
// contrast. Only when the reference is not recognised is it looked for
// elsewhere, up to a sixth of the picture each way.
//
// # What is a new view
//
//   - The reference view is seen shifted by more than 2.5 % of the width (or
//     4 % of the height), at the same place in three looks. While it is seen
//     elsewhere and has not settled, the camera is said to move.
//   - Nothing of the reference view is seen and the picture rests: for three
//     looks if the camera was seen to begin to turn, else for 3 s, because
//     something may pass or stop close by. Without any rest: after 30 s.
//   - The lens is covered or blinded, or clear again. Covered: three quarters
//     of the blocks that usually have structure have lost it, or the picture is
//     noise. Blinded: much of the picture is white and the view lost. Both for
//     2 s; clear again after 0.6 s. The reference is kept meanwhile, but what
//     others have learned of a black picture does not hold for any.
//
// A camera that is away and back before it has settled keeps its epoch. One
// that turns back later, as on a patrol, has a new epoch each time: epochs only
// grow. A reconnect changes nothing: its first pictures are compared with the
// view of before.
//
// # What it does not see
//
// The reference follows the view in half a minute, so a camera that is turned
// slower than 2 % in that time is not noticed. A camera without infrared light
// in a dark room is covered, as far as a picture can say. A change to another
// view without anything in common takes 3 s to be believed, or longer behind a
// crowd; a lens put out of focus while something large and bright passes is
// found when that is gone. Zoom is a new view from about a quarter on. Below
// 5 frames a second, looks are as rare as the frames.
//
// # Figures
//
// In three films of 208 s (cars, persons close by, hands on a table) no epoch
// and no movement is reported. The same films shifted by 5 % have a new epoch
// after 0.6 s, and 0.5 s after a pan that takes as long; covered or blinded after
// 2.2 s, out of focus after 2.2–4.2 s. A look at a 1080p frame takes 0.3 ms of
// CPU time, and one that has to search 0.9 ms: 0.5 % of a core for a feed at
// worst. An Estimator has 250 KB and allocates
// nothing while the picture's size stays.
package view
