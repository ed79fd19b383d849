#include "native.h"

#include <string.h>

#include "_cgo_export.h"

/* The bin in which a graph's decoder is, and the watch on whether it works. A
 * guarded decoder's failures do not reach the graph: they are kept, and before
 * the next access unit goes in Go is told to replace it. */

/* A new decoder gets nothing before a keyframe; a camera that refreshes its
 * picture in bands has none, and is given up waiting for. */
enum { MOST_WITHOUT_KEYFRAME = 300 };

/* The first fault counts. */
void nv_decode_fault(nv_graph *g, const nv_message *m)
{
	nv_decode *d = &g->decode;
	g_mutex_lock(&d->lock);
	if (!d->fault) {
		d->message = *m;
		g_atomic_int_set(&d->fault, TRUE);
	}
	g_mutex_unlock(&d->lock);
}

static void fault(nv_graph *g, const char *text)
{
	nv_message m = { 0 };
	g_strlcpy(m.text, text, sizeof m.text);
	nv_decode_fault(g, &m);
}

int nv_decode_fault_text(nv_graph *g, nv_message *m)
{
	nv_decode *d = &g->decode;
	g_mutex_lock(&d->lock);
	int known = d->fault;
	*m = d->message;
	g_mutex_unlock(&d->lock);
	return known;
}

/* Whether an object is part of a decoder whose failures are its own. */
gboolean nv_decode_owns(nv_graph *g, GstObject *o)
{
	return g_atomic_int_get(&g->decode.guarded) && g->decode.bin && o && gst_object_has_as_ancestor(o, g->decode.bin);
}

static const char refused_caps[] = "it does not take this stream";

static gboolean is_keyframe(GstBuffer *unit) { return !GST_BUFFER_FLAG_IS_SET(unit, GST_BUFFER_FLAG_DELTA_UNIT); }

static GstFlowReturn guarded_chain(GstPad *pad, GstObject *parent, GstBuffer *unit);

/* A keyframe that a decoder failed at is the next one's first: another may be a
 * minute away. The failed one's call has returned, so none of its locks is held. */
static GstFlowReturn pass_on(GstPad *pad, GstObject *parent, GstBuffer *keyframe)
{
	nv_graph *g = pad->chaindata;
	nvGoDecoderFault(g->handle);
	if (g_atomic_int_get(&g->decode.ended) || g_atomic_int_get(&g->decode.fault)) {
		gst_buffer_unref(keyframe);
		return GST_FLOW_OK;
	}
	g->decode.await_keyframe = FALSE;
	g->decode.keyed = TRUE;
	return guarded_chain(pad, parent, keyframe);
}

static GstFlowReturn guarded_chain(GstPad *pad, GstObject *parent, GstBuffer *unit)
{
	nv_graph *g = pad->chaindata;
	gboolean guarded = g_atomic_int_get(&g->decode.guarded);
	GstBuffer *keyframe = guarded && is_keyframe(unit) ? gst_buffer_ref(unit) : NULL;
	GstFlowReturn flow = gst_proxy_pad_chain_default(pad, parent, unit);
	if (flow < GST_FLOW_EOS && guarded) {
		fault(g, flow == GST_FLOW_NOT_NEGOTIATED ? refused_caps : "it failed");
		flow = GST_FLOW_OK;
		if (keyframe)
			return pass_on(pad, parent, keyframe);
	}
	gst_clear_buffer(&keyframe);
	return flow;
}

/* A decoder that does not take the caps says so here. */
static gboolean guarded_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
	nv_graph *g = pad->eventdata;
	gboolean is_caps = GST_EVENT_TYPE(event) == GST_EVENT_CAPS;
	if (gst_pad_event_default(pad, parent, event))
		return TRUE;
	if (!is_caps || !g_atomic_int_get(&g->decode.guarded))
		return FALSE;
	fault(g, refused_caps);
	return TRUE;
}

static gboolean keep_form(GQuark field, GValue *value, gpointer data)
{
	return field == g_quark_from_static_string("stream-format") || field == g_quark_from_static_string("alignment") ||
	       field == g_quark_from_static_string("parsed");
}

/* What the decoder takes, by form only: the parser fails by itself where sizes
 * or profiles do not match, and nobody could try another decoder. */
static void widen(GstQuery *query)
{
	GstCaps *answer, *filter, *wide;
	gst_query_parse_caps_result(query, &answer);
	gst_query_parse_caps(query, &filter);
	if (!answer || gst_caps_is_any(answer))
		return;
	wide = gst_caps_copy(answer);
	for (guint i = 0; i < gst_caps_get_size(wide); i++)
		gst_structure_filter_and_map_in_place(gst_caps_get_structure(wide, i), keep_form, NULL);
	if (filter) {
		GstCaps *both = gst_caps_intersect_full(filter, wide, GST_CAPS_INTERSECT_FIRST);
		gst_caps_replace(&wide, both);
		gst_caps_unref(both);
	}
	gst_query_set_caps_result(query, wide);
	gst_caps_unref(wide);
}

/* The question without a filter: the sizes in it would have emptied the answer. */
static gboolean answer_caps(GstPad *pad, GstObject *parent, GstQuery *query)
{
	GstCaps *caps;
	GstQuery *open = gst_query_new_caps(NULL);
	gboolean ok = gst_pad_query_default(pad, parent, open);
	if (ok) {
		gst_query_parse_caps_result(open, &caps);
		gst_query_set_caps_result(query, caps);
		widen(query);
	}
	gst_query_unref(open);
	return ok;
}

static gboolean guarded_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
	nv_graph *g = pad->querydata;
	if (!g_atomic_int_get(&g->decode.guarded))
		return gst_pad_query_default(pad, parent, query);
	switch (GST_QUERY_TYPE(query)) {
	case GST_QUERY_CAPS:
		return answer_caps(pad, parent, query);
	case GST_QUERY_ACCEPT_CAPS:
		gst_query_set_accept_caps_result(query, TRUE);
		return TRUE;
	default:
		return gst_pad_query_default(pad, parent, query);
	}
}

static void add_pad(void *bin, GstPad *pad)
{
	gst_pad_set_active(pad, TRUE);
	gst_element_add_pad(bin, pad);
}

/* Gives an empty bin its pads. limit is in µs. */
void nv_decode_bin(nv_graph *g, void *bin, int64_t limit, int units)
{
	GstPad *sink = gst_ghost_pad_new_no_target("sink", GST_PAD_SINK);
	gst_pad_set_chain_function_full(sink, guarded_chain, nv_graph_ref(g), nv_graph_forget);
	gst_pad_set_query_function_full(sink, guarded_query, nv_graph_ref(g), nv_graph_forget);
	gst_pad_set_event_function_full(sink, guarded_event, nv_graph_ref(g), nv_graph_forget);
	add_pad(bin, sink);
	add_pad(bin, gst_ghost_pad_new_no_target("src", GST_PAD_SRC));
	g->decode.bin = bin;
	g->decode.limit = limit;
	g->decode.least_units = units;
}

static gboolean retarget(nv_graph *g, const char *name, GstElement *part)
{
	GstPad *ghost = gst_element_get_static_pad(GST_ELEMENT(g->decode.bin), name);
	GstPad *target = part ? gst_element_get_static_pad(part, name) : NULL;
	gboolean done = gst_ghost_pad_set_target(GST_GHOST_PAD(ghost), target) && (target || !part);
	gst_clear_object(&target);
	gst_object_unref(ghost);
	return done;
}

/* The bin's pads are those of first and last; NULL: of nothing. */
int nv_decode_target(nv_graph *g, void *first, void *last)
{
	gboolean in = retarget(g, "sink", first);
	return retarget(g, "src", last) && in;
}

/* Another decoder is about to start. The first of a graph gets all there is. */
void nv_decode_begin(nv_graph *g, int guarded)
{
	nv_decode *d = &g->decode;
	g_mutex_lock(&d->lock);
	memset(&d->message, 0, sizeof d->message);
	g_atomic_int_set(&d->fault, FALSE);
	g_mutex_unlock(&d->lock);
	d->await_keyframe = __atomic_load_n(&g->packets, __ATOMIC_RELAXED) > 0;
	d->awaited = 0;
	d->keyed = FALSE;
	g_atomic_int_set(&d->unanswered, 0);
	g_atomic_int_set(&d->proven, FALSE);
	g_atomic_int_set(&d->guarded, guarded);
}

void nv_decode_guard(nv_graph *g, int guarded) { g_atomic_int_set(&g->decode.guarded, guarded); }

/* Nothing is to be decoded any more. */
void nv_decode_end(nv_graph *g) { g_atomic_int_set(&g->decode.ended, TRUE); }

/* On the decoder's source pad. */
void nv_decode_answered(nv_graph *g)
{
	nv_decode *d = &g->decode;
	g_atomic_int_set(&d->unanswered, 0);
	if (d->bin && g_atomic_int_compare_and_exchange(&d->proven, FALSE, TRUE))
		nvGoDecoderProven(g->handle);
}

/* Before a keyframe, and after a loss, a decoder owes nobody a picture. */
static void watch_silence(nv_graph *g, GstBuffer *unit)
{
	nv_decode *d = &g->decode;
	if (is_keyframe(unit))
		d->keyed = TRUE;
	else if (GST_BUFFER_FLAG_IS_SET(unit, GST_BUFFER_FLAG_DISCONT))
		d->keyed = FALSE;
	gint64 now = g_get_monotonic_time();
	if (!d->keyed)
		g_atomic_int_set(&d->unanswered, 0);
	else if (g_atomic_int_add(&d->unanswered, 1) == 0)
		d->unanswered_since = now;
	else if (g_atomic_int_get(&d->unanswered) > d->least_units && now - d->unanswered_since >= d->limit)
		fault(g, "it gives no pictures");
}

static gboolean awaits(nv_graph *g, GstBuffer *unit)
{
	nv_decode *d = &g->decode;
	if (d->await_keyframe && (is_keyframe(unit) || ++d->awaited > MOST_WITHOUT_KEYFRAME))
		d->await_keyframe = FALSE;
	return d->await_keyframe;
}

static GstPadProbeReturn on_unit(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	nv_graph *g = data;
	GstBuffer *unit = GST_PAD_PROBE_INFO_BUFFER(info);
	if (!g_atomic_int_get(&g->decode.ended) && g_atomic_int_get(&g->decode.guarded)) {
		watch_silence(g, unit);
		if (g_atomic_int_get(&g->decode.fault))
			nvGoDecoderFault(g->handle);
	}
	if (g_atomic_int_get(&g->decode.ended) || awaits(g, unit))
		return GST_PAD_PROBE_DROP;
	return GST_PAD_PROBE_OK;
}

/* Watches what goes from before's source pad into the bin. */
void nv_decode_watch(nv_graph *g, void *before)
{
	GstPad *src = gst_element_get_static_pad(before, "src");
	gst_pad_add_probe(src, GST_PAD_PROBE_TYPE_BUFFER, on_unit, nv_graph_ref(g), nv_graph_forget);
	gst_object_unref(src);
}
