#include "native.h"

/* A short memory of access units by PTS: the capture time and the damage seen
 * before the decoder, found again when the picture comes out of it. Decoders
 * keep the PTS, but not every one keeps the buffer's metadata and flags. */

static const gint64 ntp_to_unix = G_GINT64_CONSTANT(2208988800) * GST_SECOND;

static gint64 capture_time(GstBuffer *buffer)
{
	static GstStaticCaps ntp = GST_STATIC_CAPS("timestamp/x-ntp");
	GstCaps *caps = gst_static_caps_get(&ntp);
	GstReferenceTimestampMeta *meta = gst_buffer_get_reference_timestamp_meta(buffer, caps);
	gst_caps_unref(caps);
	if (!meta || meta->timestamp <= (guint64)ntp_to_unix)
		return 0;
	return (gint64)(meta->timestamp - ntp_to_unix);
}

static nv_unit *find(nv_graph *g, GstClockTime pts)
{
	for (guint i = 1; i <= NV_UNITS; i++) {
		nv_unit *u = &g->units[(g->next_unit + NV_UNITS - i) % NV_UNITS];
		if (u->pts == pts)
			return u;
	}
	return NULL;
}

/* On the parser's source pad. What follows a gap may be broken until the next
 * keyframe, whatever the decoder says. */
void nv_units_add(nv_graph *g, GstBuffer *buffer)
{
	gboolean keyframe = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
	gboolean gap = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT) ||
		       GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_CORRUPTED);
	if (keyframe)
		g->suspect = FALSE;
	else if (gap)
		g->suspect = TRUE;
	nv_unit u = { GST_BUFFER_PTS(buffer), capture_time(buffer), g->suspect };
	if (!GST_CLOCK_TIME_IS_VALID(u.pts))
		return;
	g_mutex_lock(&g->units_lock);
	g->units[g->next_unit] = u;
	g->next_unit = (g->next_unit + 1) % NV_UNITS;
	g_mutex_unlock(&g->units_lock);
}

void nv_units_find(nv_graph *g, GstClockTime pts, gint64 *ntp, gboolean *suspect)
{
	*ntp = 0;
	*suspect = FALSE;
	if (!GST_CLOCK_TIME_IS_VALID(pts))
		return;
	g_mutex_lock(&g->units_lock);
	nv_unit *u = find(g, pts);
	if (u) {
		*ntp = u->ntp;
		*suspect = u->suspect;
	}
	g_mutex_unlock(&g->units_lock);
}
