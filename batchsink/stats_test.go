package batchsink

import (
	"strings"
	"testing"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

func TestAveragesAndRatesAreAbsentBeforeTheFirstBatch(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{})
		r.attach(4, FeedOptions{})
		s := r.Stats()
		if _, ok := s.FillRatio(); ok {
			t.Error("a fill ratio before the first batch")
		}
		if _, ok := s.Total.RejectionRate(); ok {
			t.Error("a rejection rate before the first submission")
		}
		if _, ok := s.Total.TimeoutRate(); ok {
			t.Error("a timeout rate before the first submission")
		}
		for name, h := range map[string]Histogram{"size": s.Size, "formation": s.Formation, "processing": s.Processing, "answer": s.Answer} {
			if _, ok := h.Mean(); ok {
				t.Errorf("a mean %s before the first batch", name)
			}
			if _, ok := h.Quantile(.5); ok {
				t.Errorf("a median %s before the first batch", name)
			}
		}
		if line := s.String(); strings.Contains(line, "fill=") || strings.Contains(line, "NaN") || strings.Contains(line, "_rate") {
			t.Error(line)
		}
		for range 3 {
			r.mustSubmit("a", "b", "c", "d")
			time.Sleep(time.Second)
		}
		fill, ok := r.Stats().FillRatio()
		equal(t, "fill ratio exists", ok, true)
		equal(t, "fill ratio of full batches", fill, 1)
		r.end()
	})
}

func TestTextFormHasEveryFigure(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{process: takes(3 * time.Millisecond)})
		r.attach(4, FeedOptions{})
		r.mustSubmit("a", "b", "c", "d")
		r.submit("a")
		time.Sleep(time.Second)
		line := r.Stats().String()
		for _, figure := range []string{
			"processor=" + t.Name(), "policy=window", "max_batch=4", "window=50ms", "serving=1/1", "losses=0", "stuck=0", "queue=0/16",
			"submitted=5", "accepted=4", "delivered=4", "queue_full=0", "in_flight=1", "unavailable=0", "timeout=0", "failed=0", "stopped=0",
			"pending=0", "abandoned=0", "late=0", "drained=0", "batches=1", "full=1", "deadline=0", "nobody_expected=0", "free=0", "stop=0", "alone=0",
			"retries=0", "prepared=0", "smallest=4", "largest=4", "consecutive_failures=0", "fill=1.000", "rejection_rate=0.200", "timeout_rate=0.000",
			"formation_mean=0s", "formation_p99=", "processing_mean=3ms", "processing_p99=", "answer_mean=3ms", "answer_p99=",
		} {
			if !strings.Contains(line, figure) {
				t.Errorf("%q is missing in %s", figure, line)
			}
		}
		if strings.Contains(line, "\n") {
			t.Error("more than one line")
		}
		r.end()
	})
}

func TestHistogram(t *testing.T) {
	h := histogram{bounds: &latencyBounds}
	for range 90 {
		h.observe(.001)
	}
	for range 10 {
		h.observe(60)
	}
	s := h.snapshot()
	equal(t, "count", s.Count, 100)
	equal(t, "above the last bound", s.Counts[len(s.Bounds)], 10)
	if p50, _ := s.Quantile(.5); p50 > .001 || p50 <= .0005 {
		t.Errorf("median %v", p50)
	}
	if p99, _ := s.Quantile(.99); p99 != 10 {
		t.Errorf("p99 %v", p99)
	}
}

func TestForgottenFeedsStayInTheTotal(t *testing.T) {
	virtual(t, func(t *testing.T) {
		r := newRig(t, seed(nil), &fake{})
		r.attach(2, FeedOptions{})
		r.mustSubmit("a", "b")
		time.Sleep(time.Second)
		r.Forget("a")
		equal(t, "feeds while attached", len(r.Stats().Feeds), 2)
		r.ports["a"].Detach()
		r.Forget("a")
		s := r.Stats()
		equal(t, "feeds", len(s.Feeds), 1)
		equal(t, "delivered", s.Total.Outcomes[frame.Delivered], 2)
		r.end()
	})
}
