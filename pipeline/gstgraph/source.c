#include "native.h"

#include "_cgo_export.h"

/* Signals of rtspsrc and of demuxers, connected here because closures that the
 * bindings connect are never freed. What to do about them is decided in Go. */

/* What a source offers: from a camera, RTP's words for it; from a film, the
 * name of the caps. */
static void media_of(GstCaps *caps, const gchar **media, const gchar **encoding)
{
	*media = *encoding = "";
	if (!caps || gst_caps_is_empty(caps) || gst_caps_is_any(caps))
		return;
	GstStructure *s = gst_caps_get_structure(caps, 0);
	const gchar *m = gst_structure_get_string(s, "media");
	const gchar *e = gst_structure_get_string(s, "encoding-name");
	*media = m ? m : gst_structure_get_name(s);
	*encoding = e ? e : gst_structure_get_name(s);
}

static gboolean on_select_stream(GstElement *src, guint index, GstCaps *caps, gpointer data)
{
	nv_graph *g = data;
	const gchar *media, *encoding;
	media_of(caps, &media, &encoding);
	return nvGoSelect(g->handle, (char *)media, (char *)encoding);
}

static void on_pad_added(GstElement *element, GstPad *pad, gpointer data)
{
	nv_graph *g = data;
	if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC)
		return;
	GstCaps *caps = gst_pad_get_current_caps(pad);
	if (!caps)
		caps = gst_pad_query_caps(pad, NULL);
	const gchar *media, *encoding;
	media_of(caps, &media, &encoding);
	nvGoMedia(g->handle, pad, (char *)media, (char *)encoding);
	gst_caps_unref(caps);
}

static void on_no_more_pads(GstElement *element, gpointer data)
{
	nv_graph *g = data;
	nvGoNoMorePads(g->handle);
}

static void connect(nv_graph *g, void *element, const char *signal, GCallback callback)
{
	g_signal_connect_data(element, signal, callback, nv_graph_ref(g), nv_graph_forget_closure, 0);
}

void nv_source_rtsp(nv_graph *g, void *rtspsrc)
{
	g->rtspsrc = gst_object_ref(rtspsrc);
	connect(g, rtspsrc, "select-stream", G_CALLBACK(on_select_stream));
	connect(g, rtspsrc, "pad-added", G_CALLBACK(on_pad_added));
}

void nv_source_demux(nv_graph *g, void *demux)
{
	connect(g, demux, "pad-added", G_CALLBACK(on_pad_added));
	connect(g, demux, "no-more-pads", G_CALLBACK(on_no_more_pads));
}

static GstPadProbeReturn hold(GstPad *pad, GstPadProbeInfo *info, gpointer data) { return GST_PAD_PROBE_OK; }

/* Links a pad that appeared to the branch made for it. With loop, nothing
 * flows before nv_source_play_segment. */
int nv_source_link(nv_graph *g, void *pad, void *element, int loop)
{
	GstPad *sink = gst_element_get_static_pad(element, "sink");
	if (!sink)
		return 0;
	if (loop) {
		g->blocked = gst_object_ref(pad);
		g->block_id = gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, hold, NULL, NULL);
	}
	g->media_sink = sink;
	return gst_pad_link(pad, sink) == GST_PAD_LINK_OK;
}

/* Plays the film from its start as a segment: at its end comes SEGMENT_DONE
 * instead of EOS, and the next segment follows in running time without a gap.
 * Only the first seek flushes, before any data has left the demuxer. */
int nv_source_play_segment(nv_graph *g, int first)
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

static void on_keepalive_reply(GstPromise *promise, gpointer data)
{
	nv_graph *g = data;
	gint code = 0;
	if (gst_promise_wait(promise) == GST_PROMISE_RESULT_REPLIED) {
		const GstStructure *reply = gst_promise_get_reply(promise);
		if (reply && gst_structure_get_int(reply, "rtsp-code", &code) && code >= 400)
			g_atomic_int_set(&g->keepalive_refused, TRUE);
	}
	gst_promise_unref(promise);
}

/* Asks the camera for no parameters, so that it knows we are alive. 0: it has
 * refused before, and is not asked again. */
int nv_source_keepalive(nv_graph *g)
{
	if (!g->rtspsrc || g_atomic_int_get(&g->keepalive_refused))
		return 0;
	gboolean sent = FALSE;
	gchar *none[] = { NULL };
	GstPromise *promise = gst_promise_new_with_change_func(on_keepalive_reply, nv_graph_ref(g), nv_graph_forget);
	g_signal_emit_by_name(g->rtspsrc, "get-parameters", none, NULL, promise, &sent);
	if (!sent)
		gst_promise_interrupt(promise);
	return sent;
}
