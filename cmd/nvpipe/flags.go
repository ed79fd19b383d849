package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// newFlags is a command's flag set, with the --json that every command has.
func newFlags(name, args string, errs io.Writer) (*flag.FlagSet, *bool) {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(errs)
	set.Usage = func() {
		fmt.Fprintf(errs, "usage: nvpipe %s [flags] %s\n", name, args)
		set.PrintDefaults()
	}
	return set, set.Bool("json", false, "print JSON, for a program to read")
}

// parse reads flags and checks how many arguments follow them. Flags may also
// stand after the arguments, as people type them.
func parse(set *flag.FlagSet, args []string, want int) (code int, ok bool) {
	return parseSome(set, args, want, want)
}

// parseSome takes as many arguments as least to most.
func parseSome(set *flag.FlagSet, args []string, least, most int) (code int, ok bool) {
	var rest []string
	for {
		switch err := set.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			return exitFine, false
		case err != nil:
			return exitUsage, false
		}
		if set.NArg() == 0 {
			break
		}
		rest = append(rest, set.Arg(0))
		args = set.Args()[1:]
	}
	if len(rest) < least || len(rest) > most {
		wanted := fmt.Sprint(least)
		if most > least {
			wanted += " or more"
		}
		fmt.Fprintf(set.Output(), "nvpipe %s: %d arguments given, %s wanted\n", set.Name(), len(rest), wanted)
		set.Usage()
		return exitUsage, false
	}
	// The arguments alone, for the caller to read with Arg.
	return 0, set.Parse(append([]string{"--"}, rest...)) == nil
}
