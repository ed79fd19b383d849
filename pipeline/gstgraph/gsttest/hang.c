#include "hang.h"

#include <glib.h>

struct hang {
	GMutex lock;
	GCond changed;
	gboolean released;
};

hang *hang_new(void)
{
	hang *h = g_new0(hang, 1);
	g_mutex_init(&h->lock);
	g_cond_init(&h->changed);
	return h;
}

void hang_release(hang *h)
{
	g_mutex_lock(&h->lock);
	h->released = TRUE;
	g_cond_broadcast(&h->changed);
	g_mutex_unlock(&h->lock);
}

void hang_free(hang *h)
{
	g_cond_clear(&h->changed);
	g_mutex_clear(&h->lock);
	g_free(h);
}

/* FNV-1a */
static uint64_t sum_of(const span *s)
{
	uint64_t sum = 14695981039346656037u;
	for (size_t i = 0; i < s->size; i++)
		sum = (sum ^ s->data[i]) * 1099511628211u;
	return sum;
}

void hang_sums(hang *h, const span *spans, int n, uint64_t *sums)
{
	g_mutex_lock(&h->lock);
	while (!h->released)
		g_cond_wait(&h->changed, &h->lock);
	g_mutex_unlock(&h->lock);
	for (int i = 0; i < n; i++)
		sums[i] = sum_of(&spans[i]);
}
