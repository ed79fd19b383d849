package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/nvpipe/nvpipe/internal/app"
	"github.com/nvpipe/nvpipe/internal/doctor"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

// probeLimit bounds the look at ONNX Runtime: drivers may hang.
const probeLimit = 30 * time.Second

func doctorCommand(args []string, out, errs io.Writer) int {
	flags, asJSON := newFlags("doctor", "", errs)
	file := flags.String("config", "", "config file whose ports, folders and processors are looked at too")
	library := flags.String("library", "", "ONNX Runtime's library; left out: the config's, or as for nvpipe run")
	probe := flags.String("probe", "", "only try these providers of ONNX Runtime, separated by commas, or all; prints JSON. The doctor runs itself so, as native code may crash")
	if code, ok := parse(flags, args, 0); !ok {
		return code
	}
	if *probe != "" {
		return answerProbe(*library, *probe, out)
	}
	report := doctor.Examine(doctor.Gather(doctor.Options{
		Config: *file, Types: app.BuiltinTypes().Registry(), Library: *library, Probe: probeApart,
	}))
	write := report.WriteText
	if *asJSON {
		write = report.WriteJSON
	}
	if err := write(out); err != nil {
		fmt.Fprintln(errs, "nvpipe doctor:", err)
		return exitFailed
	}
	if !report.OK {
		return exitFailed
	}
	return exitFine
}

// probed is what the process that tries providers prints.
type probed struct {
	Runtime onnx.Runtime `json:"runtime"`
	Err     string       `json:"error,omitempty"`
}

const allProviders = "all"

func answerProbe(library, names string, out io.Writer) int {
	var list []string
	if names != allProviders {
		list = strings.Split(names, ",")
	}
	var p probed
	var err error
	if p.Runtime, err = onnx.Capabilities(library, list...); err != nil {
		p.Err = err.Error()
	}
	if json.NewEncoder(out).Encode(p) != nil {
		return exitFailed
	}
	return exitFine
}

// probeApart is a [doctor.Probe].
func probeApart(library string, providers ...string) (onnx.Runtime, error) {
	program, err := os.Executable()
	if err != nil {
		return onnx.Runtime{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "doctor", "--library", library, "--probe", cmp.Or(strings.Join(providers, ","), allProviders))
	var said bytes.Buffer
	cmd.Stderr = &said
	answer, err := cmd.Output()
	var p probed
	if err == nil {
		err = json.Unmarshal(answer, &p)
	}
	switch {
	case err != nil:
		last, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return onnx.Runtime{}, &doctor.Crash{Last: cmp.Or(last, err.Error())}
	case p.Err != "":
		return onnx.Runtime{}, errors.New(p.Err)
	}
	return p.Runtime, nil
}
