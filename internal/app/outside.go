package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/nvpipe/nvpipe/internal/listen"
	"github.com/nvpipe/nvpipe/internal/metrics"
)

// A port that is taken is often taken for moments only, by the process that
// this one replaces.
const (
	listenRetryFirst = 1 * time.Second
	listenRetryMost  = 30 * time.Second
)

// outside is what other programs connect to: the RTSP server and the metrics
// page. A port that cannot be had is said and tried again; feeds, events and
// films do not need it.
type outside struct {
	app    *App
	cancel context.CancelFunc
	work   sync.WaitGroup
	served chan struct{} // closed when the RTSP server listens

	mu      sync.Mutex
	metrics *http.Server
	address string
}

func newOutside(a *App) *outside { return &outside{app: a, served: make(chan struct{})} }

func (o *outside) start() {
	var ctx context.Context
	ctx, o.cancel = context.WithCancel(context.Background())
	o.keepTrying(ctx, "the RTSP server could not be started", func() error {
		if err := o.app.rtsp.Start(); err != nil {
			return err
		}
		close(o.served)
		o.app.log.Info("annotated streams are served", zap.String("at", "rtsp://"+o.app.rtsp.Address()+"/FEED"))
		return nil
	})
	if o.app.config.Metrics.Listen != "" {
		o.keepTrying(ctx, "metrics cannot be served", o.serveMetrics)
	}
}

// keepTrying calls f at once, and again in the background until it succeeds.
func (o *outside) keepTrying(ctx context.Context, trouble string, f func() error) {
	err := f()
	if err == nil {
		return
	}
	o.work.Go(func() {
		for pause := listenRetryFirst; err != nil; pause = min(2*pause, listenRetryMost) {
			o.app.log.Error(trouble+"; everything else goes on", zap.Error(err), zap.Duration("retry_in", pause))
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			err = f()
		}
	})
}

func (o *outside) serveMetrics() error {
	c := o.app.config.Metrics
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return listen.Failed("the metrics page", "metrics.listen", c.Listen, err)
	}
	server := &http.Server{
		Handler:           metrics.Handler(newCollector(o.app), c.Token),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		WriteTimeout:      10 * time.Second,
	}
	o.mu.Lock()
	o.metrics, o.address = server, l.Addr().String()
	o.mu.Unlock()
	o.work.Go(func() { _ = server.Serve(l) })
	o.app.log.Info("metrics are served", zap.String("at", "http://"+l.Addr().String()+"/metrics"))
	return nil
}

// MetricsURL is where metrics are served; empty while they are not.
func (a *App) MetricsURL() string {
	a.outside.mu.Lock()
	defer a.outside.mu.Unlock()
	if a.outside.address == "" {
		return ""
	}
	return "http://" + a.outside.address + "/metrics"
}

func (o *outside) stop(ctx context.Context) error {
	o.cancel()
	o.mu.Lock()
	server := o.metrics
	o.mu.Unlock()
	var errs []error
	if server != nil {
		errs = append(errs, server.Close())
	}
	errs = append(errs, o.app.rtsp.Stop(ctx))
	o.work.Wait()
	return errors.Join(errs...)
}
