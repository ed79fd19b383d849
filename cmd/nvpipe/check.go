package main

import (
	"fmt"
	"io"

	"github.com/nvpipe/nvpipe/internal/app"
	"github.com/nvpipe/nvpipe/internal/config"
)

func checkCommand(args []string, out, errs io.Writer) int {
	flags, asJSON := newFlags("check", "CONFIG", errs)
	if code, ok := parse(flags, args, 1); !ok {
		return code
	}
	report := config.Check(flags.Arg(0), config.Options{Processors: app.BuiltinTypes().Registry()})
	write := report.WriteText
	if *asJSON {
		write = report.WriteJSON
	}
	if err := write(out); err != nil {
		fmt.Fprintln(errs, "nvpipe check:", err)
		return exitFailed
	}
	if !report.OK {
		return exitUsage
	}
	return exitFine
}
