package main

import (
	"context"
	"fmt"
	"io"
)

func benches() []command {
	return []command{
		{"batch", "[--feeds 7] [--policy P] ...", "how the batch policies serve a load of simulated cameras", benchBatch},
		{"model", "MODEL", "what calls of a model cost on this machine, and settings to paste", benchModel},
	}
}

func benchCommand(args []string, out, errs io.Writer) int {
	var name string
	if len(args) > 0 {
		name = args[0]
	}
	for _, b := range benches() {
		if b.name == name {
			return b.run(args[1:], out, errs)
		}
	}
	code := exitUsage
	switch name {
	case "-h", "-help", "--help":
		code = exitFine
	case "":
	default:
		fmt.Fprintf(errs, "nvpipe bench: there is no benchmark %q\n", name)
	}
	fmt.Fprint(errs, "usage: nvpipe bench BENCHMARK [flags]\n")
	for _, b := range benches() {
		fmt.Fprintf(errs, "  %-35s %s\n", b.name+" "+b.args, b.does)
	}
	return code
}

// reporter writes what it measures.
type reporter func(ctx context.Context, out io.Writer, progress func(string)) error

// report runs a benchmark that is ready to, until it is done or a signal comes.
func report(name string, r reporter, out, errs io.Writer) int {
	ctx, release := untilSignal(errs)
	defer release()
	if err := r(ctx, out, progressOn(errs)); err != nil {
		fmt.Fprintf(errs, "nvpipe bench %s: %v\n", name, err)
		return exitFailed
	}
	return exitFine
}

// progressOn shows a text on a terminal, in place of the one before.
func progressOn(errs io.Writer) func(string) {
	if !isTerminal(errs) {
		return func(string) {}
	}
	return func(text string) { fmt.Fprintf(errs, "\r\x1b[K%s", text) }
}
