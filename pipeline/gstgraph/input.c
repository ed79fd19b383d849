#include "native.h"

#include "_cgo_export.h"

/* The way from the decoder to Go: the ledger's probe on the decoder's source
 * pad, a watch on the pad after it, and the appsink's callback. */

/* A size above the limits ends the decoding. */
static gboolean allowed(nv_graph *g, GstEvent *caps_event)
{
	GstCaps *caps;
	gint width = 0, height = 0;
	gst_event_parse_caps(caps_event, &caps);
	GstStructure *s = gst_caps_get_structure(caps, 0);
	gst_structure_get_int(s, "width", &width);
	gst_structure_get_int(s, "height", &height);
	/* A test picture has no limits. */
	if (!g->max_width || (width <= g->max_width && height <= g->max_height && (gint64)width * height <= g->max_pixels))
		return TRUE;
	nv_decode_end(g);
	nvGoOversize(g->handle, width, height);
	return FALSE;
}

/* The parser tells of one size; a stream can make the decoder take another. Its
 * caps come before its pictures' memory is taken. */
static GstPadProbeReturn on_decoder_event(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) != GST_EVENT_CAPS ||
	    allowed(data, GST_PAD_PROBE_INFO_EVENT(info)))
		return GST_PAD_PROBE_OK;
	gst_event_unref(GST_PAD_PROBE_INFO_EVENT(info));
	GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_NOT_NEGOTIATED;
	return GST_PAD_PROBE_HANDLED;
}

static GstPadProbeReturn on_decoded(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	nv_graph *g = data;
	nv_decode_answered(g);
	if (!nv_ledger_left_decoder(&g->ledger))
		return GST_PAD_PROBE_DROP;
#ifdef NV_LEDGER_CONTROL
	static gint n;
	if (g_atomic_int_add(&n, 1) % 100 == 99)
		return GST_PAD_PROBE_DROP;
#endif
	return GST_PAD_PROBE_OK;
}

static GstFlowReturn watched_chain(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
	nv_graph *g = pad->chaindata;
	GstFlowReturn flow = g->next_chain(pad, parent, buffer);
	nv_ledger_push_ended(&g->ledger, flow);
	return flow;
}

/* Watches the frames that pass from decoder to next; both have static pads. */
int nv_input_decoder(nv_graph *g, void *decoder, void *next)
{
	GstPad *src = gst_element_get_static_pad(decoder, "src");
	GstPad *sink = gst_element_get_static_pad(next, "sink");
	if (!src || !sink || g->decoder_src) {
		gst_clear_object(&src);
		gst_clear_object(&sink);
		return 0;
	}
	g->decoder_src = src;
	g->next_chain = GST_PAD_CHAINFUNC(sink);
	gst_pad_set_chain_function_full(sink, watched_chain, nv_graph_ref(g), nv_graph_forget);
	gst_pad_add_probe(src, GST_PAD_PROBE_TYPE_BUFFER, on_decoded, nv_graph_ref(g), nv_graph_forget);
	gst_pad_add_probe(src, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_decoder_event, nv_graph_ref(g), nv_graph_forget);
	gst_object_unref(sink);
	return 1;
}

static GstFlowReturn on_sample(GstAppSink *sink, gpointer data)
{
	nv_graph *g = data;
	GstSample *sample = gst_app_sink_pull_sample(sink);
	if (!sample)
		return GST_FLOW_FLUSHING;
	if (!nv_ledger_arrived(&g->ledger)) {
		gst_sample_unref(sample);
		return GST_FLOW_OK;
	}
	nv_sample *s = nv_sample_new(g, sample);
	if (!s) {
		nv_ledger_count_lost(&g->ledger);
		return GST_FLOW_OK;
	}
	if (!nv_gather_add(s))
		nvGoFrame(g->handle, nv_sample_picture(s));
	return GST_FLOW_OK;
}

static void on_eos(GstAppSink *sink, gpointer data)
{
	nv_graph *g = data;
	nvGoEOS(g->handle);
}

void nv_input_sink(nv_graph *g, void *appsink)
{
	GstAppSinkCallbacks callbacks = { .new_sample = on_sample, .eos = on_eos };
	gst_app_sink_set_callbacks(appsink, &callbacks, nv_graph_ref(g), nv_graph_forget);
	g->sink_pad = gst_element_get_static_pad(appsink, "sink");
}

static GstPadProbeReturn on_arrived(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	nv_graph *g = data;
	if (__atomic_exchange_n(&g->last_packet, g_get_monotonic_time(), __ATOMIC_RELAXED) == 0)
		nvGoUnit(g->handle, TRUE, FALSE);
	return GST_PAD_PROBE_OK;
}

/* Notes what arrives at the first pad behind the source. Not later: a parser
 * keeps to itself what has no parameter sets, and the camera would seem silent. */
void nv_input_arrivals(nv_graph *g, GstPad *pad)
{
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_arrived, nv_graph_ref(g),
			  nv_graph_forget);
}

/* Counts an access unit; FALSE: it is not to be decoded. */
static gboolean on_unit(nv_graph *g, GstBuffer *buffer)
{
	guint64 n = __atomic_add_fetch(&g->packets, 1, __ATOMIC_RELAXED);
	gboolean keyframe = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
	/* Where every picture is a keyframe only the first is news. */
	if (keyframe && (n == 1 || !g->intra_only))
		nvGoUnit(g->handle, FALSE, TRUE);
	if (g->keyframes_only && !keyframe) {
		__atomic_add_fetch(&g->left_out, 1, __ATOMIC_RELAXED);
		return FALSE;
	}
	nv_units_add(g, buffer);
	return TRUE;
}

static GstPadProbeReturn on_parsed(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	nv_graph *g = data;
	if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
		nv_loop_unit(g, GST_PAD_PROBE_INFO_BUFFER(info));
		return on_unit(g, GST_PAD_PROBE_INFO_BUFFER(info)) ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
	}
	switch (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info))) {
	case GST_EVENT_CAPS:
		return allowed(g, GST_PAD_PROBE_INFO_EVENT(info)) ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
	case GST_EVENT_SEGMENT:
		GST_PAD_PROBE_INFO_DATA(info) = nv_loop_segment(g, GST_PAD_PROBE_INFO_EVENT(info));
		return GST_PAD_PROBE_OK;
	default:
		return GST_PAD_PROBE_OK;
	}
}

/* Counts access units and keeps pictures above the limits from the decoder, and
 * all but keyframes if only those are wanted. */
void nv_input_parser(nv_graph *g, void *parser, int max_width, int max_height, int64_t max_pixels,
		     int intra_only, int keyframes_only)
{
	GstPad *src = gst_element_get_static_pad(parser, "src");
	g->max_width = max_width;
	g->max_height = max_height;
	g->max_pixels = max_pixels;
	g->intra_only = intra_only;
	g->keyframes_only = keyframes_only;
	gst_pad_add_probe(src, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_parsed, nv_graph_ref(g),
			  nv_graph_forget);
	gst_object_unref(src);
}

static GstPadProbeReturn on_idle(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	nv_graph *g = data;
	nvGoIdle(g->handle);
	return GST_PAD_PROBE_REMOVE;
}

/* From now on what leaves the decoder is dropped and counted. nvGoIdle is
 * called, perhaps at once, when no frame is on its way any more. */
void nv_input_close(nv_graph *g)
{
	nv_ledger_close(&g->ledger);
	if (g->decoder_src)
		gst_pad_add_probe(g->decoder_src, GST_PAD_PROBE_TYPE_IDLE, on_idle, nv_graph_ref(g), nv_graph_forget);
	else
		nvGoIdle(g->handle);
}

void nv_input_seal(nv_graph *g) { nv_ledger_seal(&g->ledger); }

/* The least delay between capture and the appsink in ns; -1: not known yet. */
int64_t nv_input_latency(nv_graph *g)
{
	GstClockTime min = 0;
	gboolean live = FALSE;
	GstQuery *query = gst_query_new_latency();
	gboolean known = g->sink_pad && gst_pad_peer_query(g->sink_pad, query);
	if (known)
		gst_query_parse_latency(query, &live, &min, NULL);
	gst_query_unref(query);
	if (!known || !live || !GST_CLOCK_TIME_IS_VALID(min))
		return -1;
	return (gint64)min;
}

nv_counts nv_input_counts(nv_graph *g)
{
	nv_counts c = { .packets = __atomic_load_n(&g->packets, __ATOMIC_RELAXED),
			.left_out = __atomic_load_n(&g->left_out, __ATOMIC_RELAXED), .since_packet = -1 };
	gint64 last = __atomic_load_n(&g->last_packet, __ATOMIC_RELAXED);
	if (last)
		c.since_packet = (g_get_monotonic_time() - last) * 1000;
	g_mutex_lock(&g->ledger.lock);
	c.decoded = g->ledger.decoded;
	c.lost = g->ledger.lost;
	g_mutex_unlock(&g->ledger.lock);
	return c;
}
