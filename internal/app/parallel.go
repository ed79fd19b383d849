package app

import "sync"

// inParallel calls f for every item at once and returns when all have returned.
func inParallel[T any](items []T, f func(i int, item T)) {
	var all sync.WaitGroup
	for i, item := range items {
		all.Go(func() { f(i, item) })
	}
	all.Wait()
}
