package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/nvpipe/nvpipe/batchsink"
	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/pipeline"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// collector turns a Snapshot into Prometheus metrics when it is scraped; the
// parts know nothing of Prometheus.
type collector struct{ app *App }

func newCollector(a *App) prometheus.Collector { return collector{a} }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("nvpipe_"+name, help, labels, nil)
}

var (
	feedDecoded    = desc("feed_frames_decoded_total", "Frames that left the feed's decoder, counted by a probe there.", "feed")
	feedFrames     = desc("feed_frames_total", "Decoded frames by what became of them; the outcomes of a feed at a processor add up to the frames decoded.", "feed", "processor", "outcome")
	feedCrops      = desc("feed_crops_total", "Detections cropped for a processor that follows another one: submitted to it, or left out because the frame had more than it may.", "feed", "processor", "result")
	feedLeftOut    = desc("feed_units_left_out_total", "Access units that were not decoded because only keyframes are wanted.", "feed")
	feedTarget     = desc("feed_target_fps", "Frames a second that the feed is limited to while the processor is overloaded; 0: it is not.", "feed", "processor")
	feedPending    = desc("feed_frames_pending", "Frames without an outcome yet, or held for the annotated stream.", "feed")
	feedState      = desc("feed_state", "1 for the state the feed is in.", "feed", "state")
	feedDecoder    = desc("feed_decoder", "1 for the decoder of the feed's newest pictures.", "feed", "decoder")
	feedsQueued    = desc("feeds_queued", "Feeds that wait for their turn to connect.")
	feedRestarts   = desc("feed_restarts_total", "Connection attempts after the first.", "feed")
	feedFPS        = desc("feed_fps", "Frames a second that the feed decodes now.", "feed")
	feedJumps      = desc("feed_time_jumps_total", "Steps of the stream's time that were mapped away.", "feed")
	feedViewEpoch  = desc("feed_view_epoch", "Grows whenever the camera shows another view, or its lens is covered, blinded, or clear again.", "feed")
	feedTampering  = desc("feed_tampering_total", "Times that the camera was turned, covered or blinded; 0 with view: fixed.", "feed", "kind")
	feedPushed     = desc("feed_continuation_frames_total", "Frames for the annotated stream: pushed, refused by it, or displaced by newer ones.", "feed", "result")
	feedPackets    = desc("feed_packets_total", "Access units that came out of the feed's encoder.", "feed")
	feedViewers    = desc("feed_viewers", "Viewers of the feed's annotated stream.", "feed")
	feedAbandoned  = desc("feed_graphs_abandoned_total", "Graphs of which a part did not end in time.", "feed")
	graphAbandoned = desc("graphs_abandoned_total", "Media graphs and encoders that could not be stopped.")

	batchUp        = desc("batch_up", "1 while the coordinator takes entries.", "processor")
	batchBatches   = desc("batch_batches_total", "Batches dispatched, by why each closed.", "processor", "reason")
	batchRetries   = desc("batch_retries_total", "Extra calls for parts of failed batches.", "processor")
	batchPrepared  = desc("batch_prepared_total", "Entries that had been worked ahead on when their batch was cut.", "processor")
	batchEntries   = desc("batch_entries_total", "Entries submitted, by outcome.", "processor", "outcome")
	batchInfo      = desc("batch_entries_informational_total", "Subsets of the entries: abandoned (skipped, nobody waited), late (processed for nobody), drained.", "processor", "kind")
	batchQueue     = desc("batch_queue_length", "Entries waiting for a batch.", "processor")
	batchCapacity  = desc("batch_queue_capacity", "Entries that may wait.", "processor")
	batchSize      = desc("batch_size", "Entries per batch.", "processor")
	batchFormation = desc("batch_wait_seconds", "Age of a batch's oldest entry when it closed.", "processor")
	batchProcess   = desc("batch_processing_seconds", "Time of the Process calls.", "processor")
	batchAnswer    = desc("batch_answer_seconds", "From submission to answer of delivered entries.", "processor")
	batchFailures  = desc("batch_consecutive_failures", "Batches with nothing delivered since the last that had something, at the instance that has the most.", "processor")
	batchLosses    = desc("batch_losses_total", "Times the processor was lost and re-created.", "processor")
	batchStuck     = desc("batch_stuck_calls", "Calls into the processor that were abandoned and have not returned.", "processor")
	batchServed    = desc("batch_feed_served_total", "Entries of the feed that were delivered.", "processor", "feed")
	batchPassed    = desc("batch_feed_passed_over_total", "Batches that left without an entry the feed had waiting.", "processor", "feed")

	processorOverload = desc("processor_overload", "0: the processor keeps up with its feeds; 1: their rates are lowered; 2: it cannot even serve the least that each is promised.", "processor")

	memoryGrowth  = desc("memory_growth_bytes_per_second", "How fast the process's resident memory grows, by the last minutes; 0 while that is not known.")
	memoryGrowing = desc("memory_growing", "1 while that is steady and matters: a leak.")

	outputWritten = desc("output_written_total", "Event lines or film packets written.", "kind", "feed", "path")
	outputDropped = desc("output_dropped_total", "Event lines or film packets that could not be kept.", "kind", "feed", "path")
	outputUp      = desc("output_up", "1 while the file can be written.", "kind", "feed", "path")
)

// Describe sends nothing: which series there are depends on the feeds.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends a snapshot.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	s := c.app.Snapshot()
	m := sender{ch}
	for _, f := range s.Feeds {
		m.feed(f)
	}
	for _, p := range s.Processors {
		m.processor(p)
	}
	for _, o := range s.Outputs {
		m.output(o)
	}
	m.gauge(feedsQueued, float64(c.app.ramp.Waiting()))
	m.counter(graphAbandoned, uint64(gstgraph.Abandoned()))
	m.gauge(memoryGrowth, s.Memory.Rate)
	m.flag(memoryGrowing, s.Memory.Growing)
}

type sender struct{ ch chan<- prometheus.Metric }

func (m sender) counter(d *prometheus.Desc, v uint64, labels ...string) {
	m.ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}

func (m sender) gauge(d *prometheus.Desc, v float64, labels ...string) {
	m.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (m sender) flag(d *prometheus.Desc, on bool, labels ...string) {
	if on {
		m.gauge(d, 1, labels...)
	} else {
		m.gauge(d, 0, labels...)
	}
}

func (m sender) histogram(d *prometheus.Desc, h batchsink.Histogram, labels ...string) {
	buckets := make(map[float64]uint64, len(h.Bounds))
	var below uint64
	for i, bound := range h.Bounds {
		below += h.Counts[i]
		buckets[bound] = below
	}
	m.ch <- prometheus.MustNewConstHistogram(d, h.Count, h.Sum, buckets, labels...)
}

func (m sender) feed(f FeedSnapshot) {
	id := string(f.ID)
	m.counter(feedDecoded, f.Decoded, id)
	for _, p := range f.Processors {
		for _, o := range frame.Outcomes() {
			m.counter(feedFrames, p.Ledger[o], id, p.Name, o.String())
		}
		m.gauge(feedTarget, p.Target, id, p.Name)
		if p.Of != "" {
			m.counter(feedCrops, p.Crops.Submitted, id, p.Name, "submitted")
			m.counter(feedCrops, p.Crops.LeftOut, id, p.Name, "left_out")
		}
	}
	for _, s := range pipeline.States() {
		m.flag(feedState, s == f.Status.State, id, s.String())
	}
	if d := f.Status.Decoder; d != "" {
		m.gauge(feedDecoder, 1, id, d)
	}
	m.counter(feedLeftOut, f.Stats.LeftOut, id)
	m.gauge(feedPending, float64(f.Pending), id)
	m.counter(feedRestarts, uint64(f.Status.Restarts), id)
	m.gauge(feedFPS, f.Status.FPS, id)
	m.counter(feedJumps, f.Stats.Jumps, id)
	m.gauge(feedViewEpoch, float64(f.Stats.View.State.Epoch), id)
	m.counter(feedTampering, f.Stats.View.Changed, id, pipeline.ViewChanged.String())
	m.counter(feedTampering, f.Stats.View.Covered, id, pipeline.LensCovered.String())
	m.counter(feedTampering, f.Stats.View.Blinded, id, pipeline.LensBlinded.String())
	m.counter(feedPushed, f.Stats.Pushed, id, "pushed")
	m.counter(feedPushed, f.Stats.Refused, id, "refused")
	m.counter(feedPushed, f.Stats.Displaced, id, "displaced")
	m.counter(feedPackets, f.Stats.Packets, id)
	m.counter(feedAbandoned, f.Stats.Abandoned, id)
	m.gauge(feedViewers, float64(f.Viewers), id)
}

func (m sender) processor(p ProcessorSnapshot) {
	m.gauge(processorOverload, float64(p.Load), p.Name)
	m.flag(batchUp, p.Up && p.Batch.Serving > 0, p.Name)
	if !p.Up {
		return
	}
	b := p.Batch
	for r := range batchsink.NumReasons {
		m.counter(batchBatches, b.Batches[r], p.Name, batchsink.Reason(r).String())
	}
	m.counter(batchRetries, b.Retries, p.Name)
	m.counter(batchPrepared, b.Prepared, p.Name)
	for _, o := range frame.Outcomes() {
		if o != frame.Superseded && o != frame.Skipped { // The feed's, before submission.
			m.counter(batchEntries, b.Total.Outcomes[o], p.Name, o.String())
		}
	}
	m.counter(batchInfo, b.Total.Abandoned, p.Name, "abandoned")
	m.counter(batchInfo, b.Total.Late, p.Name, "late")
	m.counter(batchInfo, b.Total.Drained, p.Name, "drained")
	m.gauge(batchQueue, float64(b.QueueLength), p.Name)
	m.gauge(batchCapacity, float64(b.QueueCapacity), p.Name)
	m.histogram(batchSize, b.Size, p.Name)
	m.histogram(batchFormation, b.Formation, p.Name)
	m.histogram(batchProcess, b.Processing, p.Name)
	m.histogram(batchAnswer, b.Answer, p.Name)
	m.gauge(batchFailures, float64(b.ConsecutiveFailures), p.Name)
	m.counter(batchLosses, uint64(b.Losses), p.Name)
	m.gauge(batchStuck, float64(b.Stuck), p.Name)
	for _, f := range b.Feeds {
		m.counter(batchServed, f.Outcomes[frame.Delivered], p.Name, string(f.Feed))
		m.counter(batchPassed, f.PassedOver, p.Name, string(f.Feed))
	}
	m.figures(p.Name, p.Figures)
}

func (m sender) output(o OutputSnapshot) {
	labels := []string{o.Kind, string(o.Feed), o.Path}
	m.counter(outputWritten, o.Written, labels...)
	m.counter(outputDropped, o.Dropped, labels...)
	m.flag(outputUp, o.Trouble == "", labels...)
}
