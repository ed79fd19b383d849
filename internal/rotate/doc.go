// Package rotate keeps what a feed writes to disk within bounds: a size limit
// for each file, a number of files kept, a limit for all of them together, and
// an amount of space that is left free on the volume whoever fills it.
//
// A Set is one feed's or one log's files in one directory. Its files carry a
// number that grows for ever and is found again after a restart:
//
//	front-door-20261123T152233Z-000017.mp4
//
// Only files with exactly such a name are ever counted or removed, oldest
// first; whatever else lies in the directory is somebody else's. Free space
// that cannot be determined is taken as none.
//
// Sets and Files belong to one goroutine, which may block on the disk for as
// long as the disk likes; Health is what others may look at meanwhile. Errors
// are of type *Error: they name the path, the class of the trouble and what to
// do, and all of them are worth retrying.
package rotate
