// Package batchsink gathers the frames of many camera feeds into batches for one
// processor and gives every frame exactly one answer.
package batchsink
