#include "native.h"

#include <gio/gio.h>
#include <gst/rtsp/gstrtspdefs.h>

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
	gint clock = 0;
	if (caps && gst_caps_get_size(caps) > 0)
		gst_structure_get_int(gst_caps_get_structure(caps, 0), "clock-rate", &clock);
	return nvGoSelect(g->handle, (char *)media, (char *)encoding, clock);
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

/* Only certificates with something wrong come here. */
static gboolean on_accept_certificate(GstElement *src, GTlsConnection *connection, GTlsCertificate *certificate,
				      GTlsCertificateFlags wrong, gpointer data)
{
	nv_graph *g = data;
	nvGoUntrusted(g->handle, wrong);
	return FALSE;
}

void nv_source_rtsp(nv_graph *g, void *rtspsrc)
{
	g->rtspsrc = gst_object_ref(rtspsrc);
	connect(g, rtspsrc, "select-stream", G_CALLBACK(on_select_stream));
	connect(g, rtspsrc, "pad-added", G_CALLBACK(on_pad_added));
	connect(g, rtspsrc, "accept-certificate", G_CALLBACK(on_accept_certificate));
}

int nv_source_link(void *pad, void *element)
{
	GstPad *sink = gst_element_get_static_pad(element, "sink");
	int linked = gst_pad_link(pad, sink) == GST_PAD_LINK_OK;
	gst_object_unref(sink);
	return linked;
}

/* The certificates in a PEM file are all that is trusted. NULL, or what is wrong
 * with the file, which the caller frees. */
char *nv_source_trust(void *rtspsrc, const char *path, int any_name)
{
	GError *error = NULL;
	GTlsDatabase *database = g_tls_file_database_new(path, &error);
	if (!database) {
		char *text = g_strdup(error->message);
		g_clear_error(&error);
		return text;
	}
	GTlsCertificateFlags flags = G_TLS_CERTIFICATE_VALIDATE_ALL;
	if (any_name)
		flags &= ~G_TLS_CERTIFICATE_BAD_IDENTITY;
	g_object_set(rtspsrc, "tls-database", database, "tls-validation-flags", flags, NULL);
	g_object_unref(database);
	return NULL;
}

void nv_source_demux(nv_graph *g, void *demux)
{
	connect(g, demux, "pad-added", G_CALLBACK(on_pad_added));
	connect(g, demux, "no-more-pads", G_CALLBACK(on_no_more_pads));
}

static void on_keepalive_reply(GstPromise *promise, gpointer data)
{
	nv_graph *g = data;
	gint code = 0, result = 0;
	if (gst_promise_wait(promise) == GST_PROMISE_RESULT_REPLIED) {
		const GstStructure *reply = gst_promise_get_reply(promise);
		if (reply && gst_structure_get(reply, "rtsp-code", G_TYPE_INT, &code, "rtsp-result", G_TYPE_INT, &result, NULL) &&
		    /* not sent: the camera's answer to OPTIONS has no such request */
		    (code >= 400 || result == GST_RTSP_ERROR) &&
		    g_atomic_int_compare_and_exchange(&g->keepalive_refused, FALSE, TRUE))
			nvGoKeepaliveRefused(g->handle, code);
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
