#include "gsttest.h"

#include <gst/gst.h>
#include <gst/video/video.h>

enum { MOST = 256 };

struct spy {
	GMutex lock;
	int n;
	spied all[MOST];
};

static void look_at_sticky(GstPad *pad, GstBuffer *buffer, spied *p)
{
	GstEvent *segment = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
	GstCaps *caps = gst_pad_get_current_caps(pad);
	if (segment) {
		const GstSegment *s;
		gst_event_parse_segment(segment, &s);
		p->running_time = gst_segment_to_running_time(s, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
		gst_event_unref(segment);
	}
	if (caps) {
		gchar *text = gst_caps_to_string(caps);
		g_strlcpy(p->caps, text, sizeof p->caps);
		g_free(text);
		gst_caps_unref(caps);
	}
}

static GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	spy *s = data;
	GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
	spied p = { .pts = GST_BUFFER_PTS(buffer), .duration = GST_BUFFER_DURATION(buffer) };
	GstMapInfo map;
	if (gst_memory_map(gst_buffer_peek_memory(buffer, 0), &map, GST_MAP_READ)) {
		p.memory = (uint64_t)(uintptr_t)map.data;
		gst_memory_unmap(map.memory, &map);
	}
	look_at_sticky(pad, buffer, &p);
	g_mutex_lock(&s->lock);
	if (s->n < MOST)
		s->all[s->n++] = p;
	g_mutex_unlock(&s->lock);
	return GST_PAD_PROBE_OK;
}

spy *spy_new(void *element, const char *name)
{
	spy *s = g_new0(spy, 1);
	GstPad *pad = gst_element_get_static_pad(element, name);
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, s, NULL);
	gst_object_unref(pad);
	return s;
}

void spy_free_text(char *text) { free(text); }

int spy_count(spy *s)
{
	g_mutex_lock(&s->lock);
	int n = s->n;
	g_mutex_unlock(&s->lock);
	return n;
}

void spy_get(spy *s, int i, spied *to)
{
	g_mutex_lock(&s->lock);
	*to = s->all[i];
	g_mutex_unlock(&s->lock);
}

static GstPadProbeReturn on_query(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
	GstCaps *caps;
	GstVideoInfo video;
	if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION)
		return GST_PAD_PROBE_OK;
	gst_query_parse_allocation(query, &caps, NULL);
	if (!gst_video_info_from_caps(&video, caps))
		return GST_PAD_PROBE_OK;
	guint n = GPOINTER_TO_UINT(data);
	GstBufferPool *pool = gst_video_buffer_pool_new();
	GstStructure *config = gst_buffer_pool_get_config(pool);
	gst_buffer_pool_config_set_params(config, caps, video.size, n, n);
	gst_buffer_pool_set_config(pool, config);
	gst_query_add_allocation_pool(query, pool, video.size, n, n);
	gst_object_unref(pool);
	return GST_PAD_PROBE_HANDLED;
}

void limit_pool(void *element, int n)
{
	GstPad *pad = gst_element_get_static_pad(element, "sink");
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, on_query, GUINT_TO_POINTER(n), NULL);
	gst_object_unref(pad);
}

void deinit(void) { gst_deinit(); }
