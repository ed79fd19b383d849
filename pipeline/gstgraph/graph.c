#include "native.h"

/* Every callback that GStreamer keeps for us holds a reference, and so does
 * every sample that Go has: the struct outlives them all, also when a graph
 * was abandoned. */

nv_graph *nv_graph_new(uint64_t handle)
{
	nv_graph *g = g_new0(nv_graph, 1);
	g->refs = 1;
	g->handle = handle;
	nv_ledger_init(&g->ledger);
	g_mutex_init(&g->decode.lock);
	g_mutex_init(&g->units_lock);
	g_mutex_init(&g->free_lock);
	g_mutex_init(&g->bus_lock);
	g_mutex_init(&g->queue_lock);
	for (int i = 0; i < NV_UNITS; i++)
		g->units[i].pts = GST_CLOCK_TIME_NONE;
	return g;
}

nv_graph *nv_graph_ref(nv_graph *g)
{
	g_atomic_int_inc(&g->refs);
	return g;
}

/* Lets go of the elements, once they have stopped: their pads hold the probes
 * that hold the graph, and would keep each other alive. */
void nv_graph_dispose(nv_graph *g)
{
	gst_clear_object(&g->decoder_src);
	gst_clear_object(&g->sink_pad);
	gst_clear_object(&g->media_sink);
	gst_clear_object(&g->blocked);
	gst_clear_object(&g->rtspsrc);
	gst_clear_object(&g->appsrc);
	gst_clear_object(&g->packet_sink_pad);
	gst_clear_caps(&g->caps);
	gst_clear_caps(&g->draw_caps);
	gst_clear_caps(&g->packet_caps);
	nv_pool_free(g->draw_pool);
	nv_pool_free(g->copy_pool);
	g->draw_pool = g->copy_pool = NULL;
}

void nv_graph_unref(nv_graph *g)
{
	if (!g_atomic_int_dec_and_test(&g->refs))
		return;
	nv_graph_dispose(g);
	nv_sample_free_all(g);
	g_mutex_clear(&g->ledger.lock);
	g_mutex_clear(&g->decode.lock);
	g_mutex_clear(&g->units_lock);
	g_mutex_clear(&g->free_lock);
	g_mutex_clear(&g->bus_lock);
	g_mutex_clear(&g->queue_lock);
	g_free(g);
}

void nv_graph_forget(gpointer g) { nv_graph_unref(g); }

void nv_graph_forget_closure(gpointer g, GClosure *closure) { nv_graph_unref(g); }
