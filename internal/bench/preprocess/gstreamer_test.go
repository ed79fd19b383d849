package main

import (
	"slices"
	"testing"
	"time"
)

func TestLatencies(t *testing.T) {
	const log = `0:00:00.1 1 0x5 TRACE GST_TRACER :0:: element-latency, element-id=(string)0x1, element=(string)measured1, src=(string)src, time=(guint64)100, ts=(guint64)9;
0:00:00.1 1 0x5 TRACE GST_TRACER :0:: element-latency, element-id=(string)0x2, element=(string)capsfilter0, src=(string)src, time=(guint64)7000, ts=(guint64)9;
0:00:00.1 1 0x5 TRACE GST_TRACER :0:: element-latency, element-id=(string)0x3, element=(string)measured2, src=(string)src, time=(guint64)23, ts=(guint64)9;
0:00:00.1 1 0x5 TRACE GST_TRACER :0:: element-latency, element-id=(string)0x1, element=(string)measured1, src=(string)src, time=(guint64)200, ts=(guint64)9;
0:00:00.1 1 0x5 TRACE GST_TRACER :0:: element-latency, element-id=(string)0x3, element=(string)measured2, src=(string)src, time=(guint64)24, ts=(guint64)9;
`
	if got, want := latencies(log), []time.Duration{123, 224}; !slices.Equal(got, want) {
		t.Errorf("is %v, want %v", got, want)
	}
}
