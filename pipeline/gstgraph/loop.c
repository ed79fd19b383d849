#include "native.h"

/* Links a film to its decoder and plays it again and again in one stream: at
 * the end of a segment comes SEGMENT_DONE instead of EOS, and the next segment
 * follows without a flush. */

static GstPadProbeReturn hold(GstPad *pad, GstPadProbeInfo *info, gpointer data) { return GST_PAD_PROBE_OK; }

/* Links a pad that appeared to the branch made for it. With loop, nothing
 * flows before nv_loop_play. */
int nv_loop_link(nv_graph *g, void *pad, void *element, int loop)
{
	GstPad *sink = gst_element_get_static_pad(element, "sink");
	if (!sink)
		return 0;
	if (loop) {
		g->looping = TRUE;
		g->blocked = gst_object_ref(pad);
		g->block_id = gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, hold, NULL, NULL);
	}
	g->media_sink = sink;
	nv_input_arrivals(g, sink);
	return gst_pad_link(pad, sink) == GST_PAD_LINK_OK;
}

/* Plays the film from its start. Only the first seek flushes, before any data
 * has left the demuxer. 0: the demuxer cannot; then it plays once. */
int nv_loop_play(nv_graph *g, int first)
{
	GstSeekFlags flags = GST_SEEK_FLAG_SEGMENT | (first ? GST_SEEK_FLAG_FLUSH : 0);
	GstEvent *seek =
		gst_event_new_seek(1.0, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, -1);
	gboolean ok = gst_pad_push_event(g->media_sink, seek);
	if (g->block_id) {
		gst_pad_remove_probe(g->blocked, g->block_id);
		g->block_id = 0;
	}
	return ok;
}

/* Demuxers let the next segment begin where the last unit began, not where it
 * ended. The two functions below see to that, on the parser's source pad. */

void nv_loop_unit(nv_graph *g, GstBuffer *buffer)
{
	GstClockTime pts = GST_BUFFER_PTS(buffer), duration = GST_BUFFER_DURATION(buffer);
	if (!g->looping || !GST_CLOCK_TIME_IS_VALID(pts))
		return;
	GstClockTime begin = gst_segment_to_running_time(&g->segment, GST_FORMAT_TIME, pts);
	if (!GST_CLOCK_TIME_IS_VALID(begin))
		return;
	GstClockTime end = begin + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 40 * GST_MSECOND);
	g->loop_end = MAX(g->loop_end, end);
}

/* Takes the event over and returns the one to send instead. */
GstEvent *nv_loop_segment(nv_graph *g, GstEvent *event)
{
	if (!g->looping)
		return event;
	gst_event_copy_segment(event, &g->segment);
	/* Behind appsrc the flag would turn the end of the stream into the end of
	 * a segment, and nothing would drain. */
	g->segment.flags &= ~GST_SEGMENT_FLAG_SEGMENT;
	if (g->loop_end > 0)
		g->segment.base = g->loop_end;
	GstEvent *moved = gst_event_new_segment(&g->segment);
	gst_event_set_seqnum(moved, gst_event_get_seqnum(event));
	gst_event_unref(event);
	return moved;
}
