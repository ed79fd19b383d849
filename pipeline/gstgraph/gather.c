#include "native.h"

#include "_cgo_export.h"

/* Hands the frames of all graphs over to Go together. Entering an idle Go
 * runtime from a C thread costs more than everything else that is done with a
 * frame on this way, so with many feeds it pays to enter once for several.
 * Off (limit 0) every streaming thread enters for itself.
 *
 * While frames come, the thread wakes once per limit and takes what is there;
 * after a limit without any it sleeps until the next. */

enum { AT_ONCE = 64 };

static struct {
	GMutex lock;
	GCond wake, delivered;
	gint64 limit; /* µs; 0: off */
	gboolean sleeping, started;
	nv_sample *first, **last;
	guint n;
} q;

static void deliver(nv_sample *list, guint n)
{
	nv_picture *pictures[AT_ONCE];
	uint64_t handles[AT_ONCE];
	for (guint i = 0; i < n; i++, list = nv_sample_next(list)) {
		pictures[i] = nv_sample_picture(list);
		handles[i] = nv_sample_graph(list)->handle;
	}
	nvGoFrames(handles, pictures, n, g_get_monotonic_time());
}

/* q.lock is held. Takes up to AT_ONCE frames off and notes their graphs as busy. */
static nv_sample *take(guint *n, nv_graph **graphs)
{
	nv_sample *list = q.first, *s = list;
	for (*n = 0; s && *n < AT_ONCE; s = nv_sample_next(s)) {
		graphs[*n] = nv_graph_ref(nv_sample_graph(s));
		graphs[(*n)++]->delivering++;
	}
	q.first = s;
	q.n -= *n;
	if (!s)
		q.last = &q.first;
	return list;
}

static void hand_over(void)
{
	nv_graph *graphs[AT_ONCE];
	guint n;
	nv_sample *list = take(&n, graphs);
	g_mutex_unlock(&q.lock);
	deliver(list, n);
	g_mutex_lock(&q.lock);
	for (guint i = 0; i < n; i++) {
		graphs[i]->delivering--;
		nv_graph_unref(graphs[i]);
	}
	g_cond_broadcast(&q.delivered);
}

static gpointer run(gpointer unused)
{
	g_mutex_lock(&q.lock);
	for (;;) {
		if (q.sleeping) {
			g_cond_wait(&q.wake, &q.lock);
			continue;
		}
		gint64 until = g_get_monotonic_time() + q.limit;
		while (q.n < AT_ONCE && g_cond_wait_until(&q.wake, &q.lock, until))
			;
		q.sleeping = q.n == 0;
		while (q.n > 0)
			hand_over();
	}
	return NULL;
}

/* Before any graph is built: frames that wait keep their order only then. */
void nv_gather_set(int64_t limit_us)
{
	g_mutex_lock(&q.lock);
	q.limit = limit_us;
	if (limit_us > 0 && !q.started) {
		q.started = q.sleeping = TRUE;
		q.last = &q.first;
		g_thread_unref(g_thread_new("nvpipe-gather", run, NULL));
	}
	g_mutex_unlock(&q.lock);
}

/* FALSE: gathering is off, the caller hands the frame over. */
gboolean nv_gather_add(nv_sample *s)
{
	if (__atomic_load_n(&q.limit, __ATOMIC_RELAXED) == 0)
		return FALSE;
	g_mutex_lock(&q.lock);
	*q.last = s;
	q.last = nv_sample_link(s);
	*q.last = NULL;
	q.n++;
	if (q.sleeping || q.n == AT_ONCE) {
		q.sleeping = FALSE;
		g_cond_signal(&q.wake);
	}
	g_mutex_unlock(&q.lock);
	return TRUE;
}

/* Ends a graph's waiting: its frames that Go has not seen are lost, and
 * counted. FALSE: Go has some and did not return within the limit. */
gboolean nv_gather_end(nv_graph *g, gint64 limit_us)
{
	nv_sample *lost = NULL;
	g_mutex_lock(&q.lock);
	for (nv_sample **at = &q.first; *at;) {
		nv_sample *s = *at;
		if (nv_sample_graph(s) != g) {
			at = nv_sample_link(s);
			continue;
		}
		*at = nv_sample_next(s);
		if (!*at)
			q.last = at;
		q.n--;
		*nv_sample_link(s) = lost;
		lost = s;
	}
	gint64 until = g_get_monotonic_time() + limit_us;
	while (g->delivering > 0 && g_cond_wait_until(&q.delivered, &q.lock, until))
		;
	gboolean done = g->delivering == 0;
	g_mutex_unlock(&q.lock);
	while (lost) {
		nv_sample *s = lost;
		lost = nv_sample_next(s);
		nv_ledger_count_lost(&g->ledger);
		nv_sample_release(nv_sample_picture(s));
	}
	return done;
}
