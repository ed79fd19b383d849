#include "native.h"

/* A decoded picture in Go's hands: the sample that appsink gave, mapped for
 * reading. Structs are recycled per graph, so the steady state allocates
 * nothing. */
struct nv_sample {
	nv_picture picture; /* first: Go's token is a pointer to it */
	nv_graph *graph;
	GstSample *sample;
	GstVideoFrame frame;
	nv_sample *next;
};

enum { MAX_FREE = 32 };

static nv_sample *take_struct(nv_graph *g)
{
	g_mutex_lock(&g->free_lock);
	nv_sample *s = g->free;
	if (s) {
		g->free = s->next;
		g->n_free--;
	}
	g_mutex_unlock(&g->free_lock);
	return s ? s : g_new(nv_sample, 1);
}

static void give_struct(nv_graph *g, nv_sample *s)
{
	g_mutex_lock(&g->free_lock);
	if (g->n_free < MAX_FREE) {
		s->next = g->free;
		g->free = s;
		g->n_free++;
		s = NULL;
	}
	g_mutex_unlock(&g->free_lock);
	g_free(s);
}

void nv_sample_free_all(nv_graph *g)
{
	while (g->free) {
		nv_sample *s = g->free;
		g->free = s->next;
		g_free(s);
	}
}

/* The bytes of a plane that are really mapped: the last row of some decoders'
 * planes ends before its stride does. */
static gsize plane_size(GstVideoFrame *frame, guint plane)
{
	const GstMapInfo *map = frame->meta ? &frame->map[plane] : &frame->map[0];
	const guint8 *data = GST_VIDEO_FRAME_PLANE_DATA(frame, plane);
	gint comp[GST_VIDEO_MAX_COMPONENTS];
	gst_video_format_info_component(frame->info.finfo, plane, comp);
	gsize want = (gsize)GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane) * GST_VIDEO_FRAME_COMP_HEIGHT(frame, comp[0]);
	if (data < map->data || data > map->data + map->size)
		return want; /* planes of several memories, each mapped whole */
	return MIN(want, (gsize)(map->data + map->size - data));
}

void nv_picture_fill(nv_picture *p, GstVideoFrame *frame)
{
	const GstVideoInfo *info = &frame->info;
	const GstVideoColorimetry *c = &info->colorimetry;
	for (guint i = 0; i < 3; i++) {
		gboolean used = i < GST_VIDEO_FRAME_N_PLANES(frame);
		p->plane[i] = used ? GST_VIDEO_FRAME_PLANE_DATA(frame, i) : NULL;
		p->stride[i] = used ? GST_VIDEO_FRAME_PLANE_STRIDE(frame, i) : 0;
		p->size[i] = used ? plane_size(frame, i) : 0;
	}
	p->format = GST_VIDEO_INFO_FORMAT(info) == GST_VIDEO_FORMAT_NV12 ? NV_NV12 : NV_I420;
	p->width = GST_VIDEO_INFO_WIDTH(info);
	p->height = GST_VIDEO_INFO_HEIGHT(info);
	p->bt709 = c->matrix == GST_VIDEO_COLOR_MATRIX_BT709;
	p->full_range = c->range == GST_VIDEO_COLOR_RANGE_0_255;
	p->fps_n = GST_VIDEO_INFO_FPS_N(info);
	p->fps_d = GST_VIDEO_INFO_FPS_D(info);
}

static gboolean follow_caps(nv_graph *g, GstCaps *caps)
{
	if (!caps)
		return FALSE;
	if (caps == g->caps)
		return TRUE;
	GstVideoInfo info;
	if (!gst_video_info_from_caps(&info, caps))
		return FALSE;
	gst_caps_replace(&g->caps, caps);
	g->info = info;
	return TRUE;
}

/* Takes the sample over, also when it fails: then the result is NULL. */
nv_sample *nv_sample_new(nv_graph *g, GstSample *sample)
{
	GstBuffer *buffer = gst_sample_get_buffer(sample);
	GstCaps *old = g->caps;
	nv_sample *s = take_struct(g);
	if (!buffer || !follow_caps(g, gst_sample_get_caps(sample)) ||
	    !gst_video_frame_map(&s->frame, &g->info, buffer, GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
		give_struct(g, s);
		gst_sample_unref(sample);
		return NULL;
	}
	s->graph = nv_graph_ref(g);
	s->sample = sample;
	nv_picture *p = &s->picture;
	nv_picture_fill(p, &s->frame);
	GstClockTime pts = GST_BUFFER_PTS(buffer);
	guint64 running = gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME, pts);
	gboolean suspect;
	nv_units_find(g, pts, &p->ntp, &suspect);
	p->suspect = suspect || GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_CORRUPTED);
	/* A picture without a time comes just after the one before it. */
	p->running_time = GST_CLOCK_TIME_IS_VALID(running) ? (gint64)running : g->last_running_time + 1;
	g->last_running_time = p->running_time;
	p->duration = GST_BUFFER_DURATION_IS_VALID(buffer) ? (gint64)GST_BUFFER_DURATION(buffer) : 0;
	p->new_caps = old != g->caps;
	p->arrived = g_get_monotonic_time();
	return s;
}

nv_picture *nv_sample_picture(nv_sample *s) { return &s->picture; }

/* For the list that gather.c keeps. */
nv_graph *nv_sample_graph(nv_sample *s) { return s->graph; }

nv_sample *nv_sample_next(nv_sample *s) { return s->next; }

nv_sample **nv_sample_link(nv_sample *s) { return &s->next; }

GstSample *nv_sample_native(nv_picture *p) { return ((nv_sample *)p)->sample; }

void nv_sample_release(nv_picture *p)
{
	nv_sample *s = (nv_sample *)p;
	nv_graph *g = s->graph;
	gst_video_frame_unmap(&s->frame);
	gst_sample_unref(s->sample);
	give_struct(g, s);
	nv_graph_unref(g);
}
