package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// impatience is how long the program may live after a second signal.
const impatience = 700 * time.Millisecond

// untilSignal returns a context that ends at the first SIGINT or SIGTERM. A
// second one is the operator's way to say that waiting is over: the process
// then ends within a second, whatever still hangs.
func untilSignal(errs io.Writer) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			cancel()
		case <-done:
			return
		}
		select {
		case <-signals:
		case <-done:
			return
		}
		select {
		case <-time.After(impatience):
			fmt.Fprintln(errs, "nvpipe: second signal: stopped without waiting for the rest")
			os.Exit(exitFailed)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
