// Command nvpipe turns cameras into understood scenes: it reads a pipeline
// config file, batches the frames of all feeds through shared processors and
// serves annotated streams, events and films.
//
// Exit codes: 0 fine; 1 failed while running; 2 wrong usage or invalid config.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
)

// command is one verb of the program. run gets the arguments after the verb
// and returns the exit code.
type command struct {
	name, args, does string
	run              func(args []string, out, errs io.Writer) int
}

func commands() []command {
	return []command{
		{"run", "CONFIG", "run the pipeline of a config file until told to stop", runCommand},
		{"check", "CONFIG", "say everything that is wrong with a config file", checkCommand},
		{"detect", "MODEL FILE", "what a model finds in pictures and films: boxes, and an annotated copy", detectCommand},
		{"doctor", "", "what this machine has and lacks, what that means, and the commands that mend it", doctorCommand},
		{"demo", "[--for 30s]", "four synthetic cameras, the real pipeline, a live table and a verdict", demoCommand},
		{"bench", "BENCHMARK", "measure: policies under a load, or what calls of a model cost", benchCommand},
		{"replay", "FILE", "form the batches of a trace again, and say which differ", replayCommand},
		{"version", "", "the versions of nvpipe and of what it is linked with", versionCommand},
	}
}

func main() {
	// A reader of the events on standard output that goes away is trouble of the
	// event log, not the end of the program.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(dispatch(os.Args[1:], os.Stdout, os.Stderr))
}

func dispatch(args []string, out, errs io.Writer) int {
	if len(args) == 0 {
		usage(errs)
		return exitUsage
	}
	name := args[0]
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, name) {
		usage(out)
		return exitFine
	}
	if name == "--version" {
		name = "version"
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(args[1:], out, errs)
		}
	}
	fmt.Fprintf(errs, "nvpipe: there is no command %q: %s; `nvpipe help` tells what they do\n", name, names())
	return exitUsage
}

func names() string {
	var all []string
	for _, c := range commands() {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}

func usage(w io.Writer) {
	fmt.Fprint(w, "nvpipe: cameras in, batched detection, annotated streams and events out\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  nvpipe %-20s %s\n", c.name+" "+c.args, c.does)
	}
	fmt.Fprint(w, "\nA command's own flags: nvpipe COMMAND --help. Start with `nvpipe demo`, then configs/minimal.yaml.\n")
}
