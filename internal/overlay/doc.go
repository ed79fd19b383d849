// Package overlay draws what was found onto the picture it was found in: a box
// for each detection, its class and confidence on a plate, in the picture's own
// YUV memory. What a second processor says of a detection as a whole is another
// line on its plate; what it finds within has a box of its own. Slate makes the picture that is shown while a camera is away.
//
// A Painter is one feed's and belongs to the goroutine that draws. Once it has
// seen a picture's size and the classes in it, drawing allocates nothing.
package overlay
