#include "native.h"

#include "_cgo_export.h"

/* The bus's sync handler copies what matters into a bounded queue and wakes
 * one goroutine. Nothing is left on the bus itself. */

void nv_bus_post(nv_graph *g, const nv_message *m)
{
	g_mutex_lock(&g->bus_lock);
	gboolean room = g->n_messages < NV_MESSAGES;
	if (room)
		g->messages[(g->first_message + g->n_messages++) % NV_MESSAGES] = *m;
	g_mutex_unlock(&g->bus_lock);
	/* A full queue holds an error already, and the first one counts. */
	if (room)
		nvGoWake(g->handle);
}

int nv_bus_pop(nv_graph *g, nv_message *m)
{
	g_mutex_lock(&g->bus_lock);
	gboolean some = g->n_messages > 0;
	if (some) {
		*m = g->messages[g->first_message];
		g->first_message = (g->first_message + 1) % NV_MESSAGES;
		g->n_messages--;
	}
	g_mutex_unlock(&g->bus_lock);
	return some;
}

static int domain_of(const GError *e)
{
	if (e->domain == GST_RESOURCE_ERROR)
		return NV_DOMAIN_RESOURCE;
	if (e->domain == GST_STREAM_ERROR)
		return NV_DOMAIN_STREAM;
	if (e->domain == GST_CORE_ERROR)
		return NV_DOMAIN_CORE;
	if (e->domain == GST_LIBRARY_ERROR)
		return NV_DOMAIN_LIBRARY;
	return NV_DOMAIN_OTHER;
}

static void name_source(nv_message *m, GstObject *src)
{
	GstElementFactory *f = src && GST_IS_ELEMENT(src) ? gst_element_get_factory(GST_ELEMENT(src)) : NULL;
	g_strlcpy(m->source, f ? GST_OBJECT_NAME(f) : "", sizeof m->source);
}

static void copy_problem(nv_graph *g, GstMessage *message, nv_message *m)
{
	GError *error = NULL;
	gchar *debug = NULL;
	if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
		gst_message_parse_error(message, &error, &debug);
	else
		gst_message_parse_warning(message, &error, &debug);
	m->domain = domain_of(error);
	m->code = error->code;
	g_strlcpy(m->text, error->message, sizeof m->text);
	g_strlcpy(m->debug, debug ? debug : "", sizeof m->debug);
	name_source(m, GST_MESSAGE_SRC(message));
	m->output = g->output_bin && GST_MESSAGE_SRC(message) &&
		    gst_object_has_as_ancestor(GST_MESSAGE_SRC(message), g->output_bin);
	g_clear_error(&error);
	g_free(debug);
}

static gboolean copy_message(nv_graph *g, GstMessage *message, nv_message *m)
{
	switch (GST_MESSAGE_TYPE(message)) {
	case GST_MESSAGE_ERROR:
		m->kind = NV_ERROR;
		copy_problem(g, message, m);
		return TRUE;
	case GST_MESSAGE_WARNING:
		m->kind = NV_WARNING;
		copy_problem(g, message, m);
		return TRUE;
	case GST_MESSAGE_LATENCY:
		m->kind = NV_LATENCY;
		return TRUE;
	case GST_MESSAGE_CLOCK_LOST:
		m->kind = NV_CLOCK_LOST;
		return TRUE;
	case GST_MESSAGE_SEGMENT_DONE:
		m->kind = NV_SEGMENT_DONE;
		return TRUE;
	case GST_MESSAGE_ELEMENT:
		m->kind = NV_TIMEOUT;
		return gst_message_has_name(message, "GstRTSPSrcTimeout");
	default:
		return FALSE;
	}
}

static GstBusSyncReply on_message(GstBus *bus, GstMessage *message, gpointer data)
{
	nv_graph *g = data;
	nv_message m = { 0 };
	if (!copy_message(g, message, &m)) {
		gst_message_unref(message);
		return GST_BUS_DROP;
	}
	if (m.kind == NV_ERROR && nv_decode_owns(g, GST_MESSAGE_SRC(message)))
		nv_decode_fault(g, &m);
	else
		nv_bus_post(g, &m);
	gst_message_unref(message);
	return GST_BUS_DROP;
}

void nv_bus_watch(nv_graph *g, void *pipeline, void *output_bin)
{
	g->output_bin = output_bin;
	GstBus *bus = gst_pipeline_get_bus(pipeline);
	gst_bus_set_sync_handler(bus, on_message, nv_graph_ref(g), nv_graph_forget);
	gst_object_unref(bus);
}

void nv_bus_unwatch(void *pipeline)
{
	GstBus *bus = gst_pipeline_get_bus(pipeline);
	gst_bus_set_sync_handler(bus, NULL, NULL, NULL);
	gst_bus_set_flushing(bus, TRUE);
	gst_object_unref(bus);
}
