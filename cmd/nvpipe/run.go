package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/nvpipe/nvpipe/internal/app"
	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/memory"
)

// stopLimit is how long a stop may take; its steps have shorter limits of their own.
const stopLimit = 10 * time.Second

func runCommand(args []string, out, errs io.Writer) int {
	flags, _ := newFlags("run", "CONFIG", errs)
	if code, ok := parse(flags, args, 1); !ok {
		return code
	}
	c, err := config.Load(flags.Arg(0), config.Options{Processors: app.BuiltinTypes().Registry()})
	if err != nil {
		fmt.Fprintln(errs, err)
		return exitUsage
	}
	log := newLog(c.Log, errs)
	defer log.Sync()
	for _, w := range c.Warnings {
		log.Warn(w.Error())
	}
	ctx, release := untilSignal(errs)
	defer release()
	return serve(ctx, c, log)
}

// serve runs a config until ctx ends, or something fatal happens.
func serve(ctx context.Context, c *config.Config, log *zap.Logger) int {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	memory.LimitGo(c.Memory)
	a, err := app.New(c, app.Options{Log: log, OnFatal: fail})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		log.Error("could not start", zap.Error(err))
		return exitFailed
	}
	log.Info("running", zap.Int("feeds", len(c.Feeds)), zap.String("version", version))
	<-ctx.Done()
	fatal := context.Cause(ctx)
	log.Info("stopping")
	began := time.Now()
	within, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	err = a.Stop(within)
	logLedgers(log, a.Snapshot())
	log.Info("stopped", zap.Duration("took", time.Since(began).Round(time.Millisecond)))
	if err != nil || !errors.Is(fatal, context.Canceled) {
		log.Error("not everything went well", zap.Error(errors.Join(err, ignoreCanceled(fatal))))
		return exitFailed
	}
	return exitFine
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// logLedgers writes each feed's books at the end, and whether they balance.
func logLedgers(log *zap.Logger, s app.Snapshot) {
	for _, f := range s.Feeds {
		for _, p := range f.Processors {
			level := zapcore.InfoLevel
			if p.Ledger.Sum() != f.Decoded {
				level = zapcore.ErrorLevel
			}
			log.Log(level, "ledger", zap.String("feed", string(f.ID)), zap.String("processor", p.Name),
				zap.Uint64("decoded", f.Decoded), zap.Stringer("outcomes", p.Ledger))
		}
	}
}

// newLog writes to standard error, as the config says.
func newLog(c config.Log, w io.Writer) *zap.Logger {
	level, err := zapcore.ParseLevel(c.Level)
	if err != nil {
		level = zapcore.InfoLevel
	}
	e := zap.NewProductionEncoderConfig()
	e.EncodeTime = zapcore.ISO8601TimeEncoder
	e.EncodeDuration = zapcore.StringDurationEncoder
	encoder := zapcore.NewJSONEncoder(e)
	if c.Format != "json" {
		e.EncodeLevel = zapcore.CapitalLevelEncoder
		e.ConsoleSeparator = "  "
		encoder = zapcore.NewConsoleEncoder(e)
	}
	// Sync of a terminal or pipe fails on Linux; there is nothing to sync.
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), level))
}
