#include "native.h"

/* Counts what leaves the decoder and, apart from that, what is lost before it
 * arrives in Go, each at the place where it happens. `lost` is never derived
 * from the other two, so a frame that vanishes anywhere else shows as an
 * imbalance. All of it is one uncontended lock: a decoder pushes one frame at
 * a time, and its push ends only after the frame has arrived or was refused. */

void nv_ledger_init(nv_ledger *l) { g_mutex_init(&l->lock); }

/* On the decoder's source pad. FALSE: drop it there, its loss is counted. */
gboolean nv_ledger_left_decoder(nv_ledger *l)
{
	gboolean pass = FALSE;
	g_mutex_lock(&l->lock);
	if (!l->sealed) {
		l->decoded++;
		if (l->closing)
			l->lost++;
		else
			pass = l->travelling = TRUE;
	}
	g_mutex_unlock(&l->lock);
	return pass;
}

/* In the appsink's callback. FALSE: too late, not to be delivered. */
gboolean nv_ledger_arrived(nv_ledger *l)
{
	g_mutex_lock(&l->lock);
	gboolean deliver = !l->closing && !l->sealed;
	if (!deliver && l->travelling)
		l->lost++;
	l->travelling = FALSE;
	g_mutex_unlock(&l->lock);
	return deliver;
}

/* When the pad after the decoder has dealt with a frame: refused on the way? */
void nv_ledger_push_ended(nv_ledger *l, GstFlowReturn flow)
{
	g_mutex_lock(&l->lock);
	if (l->travelling && flow != GST_FLOW_OK)
		l->lost++;
	l->travelling = FALSE;
	g_mutex_unlock(&l->lock);
}

/* A frame that arrived but cannot be handed over. */
void nv_ledger_count_lost(nv_ledger *l)
{
	g_mutex_lock(&l->lock);
	if (!l->sealed)
		l->lost++;
	g_mutex_unlock(&l->lock);
}

void nv_ledger_close(nv_ledger *l)
{
	g_mutex_lock(&l->lock);
	l->closing = TRUE;
	g_mutex_unlock(&l->lock);
}

/* From here on the counts stand still. A frame that is still travelling is on
 * a thread that hangs; it will not be delivered any more. */
void nv_ledger_seal(nv_ledger *l)
{
	g_mutex_lock(&l->lock);
	if (l->travelling)
		l->lost++;
	l->travelling = FALSE;
	l->closing = l->sealed = TRUE;
	g_mutex_unlock(&l->lock);
}
