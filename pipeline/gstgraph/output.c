#include "native.h"

#include "_cgo_export.h"

/* The way from Go on: into the appsrc, past the drawing, and the encoder's
 * packets back to Go. */

static void draw_in_place(nv_graph *g, GstBuffer *buffer, gint64 running_time)
{
	GstVideoFrame frame;
	if (!gst_video_frame_map(&frame, &g->draw_info, buffer, GST_MAP_READWRITE | GST_VIDEO_FRAME_MAP_FLAG_NO_REF))
		return;
	nv_picture p = { .running_time = running_time };
	nv_picture_fill(&p, &frame);
	nvGoDraw(g->handle, &p);
	gst_video_frame_unmap(&frame);
}

static GstBuffer *copy_picture(nv_graph *g, GstBuffer *from)
{
	GstBuffer *to = NULL;
	GstVideoFrame in, out;
	if (gst_buffer_pool_acquire_buffer(g->draw_pool, &to, NULL) != GST_FLOW_OK)
		return NULL;
	if (!gst_video_frame_map(&in, &g->draw_info, from, GST_MAP_READ)) {
		gst_buffer_unref(to);
		return NULL;
	}
	if (!gst_video_frame_map(&out, &g->draw_info, to, GST_MAP_WRITE)) {
		gst_video_frame_unmap(&in);
		gst_buffer_unref(to);
		return NULL;
	}
	gst_video_frame_copy(&out, &in);
	gst_video_frame_unmap(&out);
	gst_video_frame_unmap(&in);
	gst_buffer_copy_into(to, from, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
	return to;
}

static gboolean follow_draw_caps(nv_graph *g, GstPad *pad)
{
	GstCaps *caps = gst_pad_get_current_caps(pad);
	gboolean ok = caps != NULL;
	if (ok && caps != g->draw_caps) {
		ok = gst_video_info_from_caps(&g->draw_info, caps);
		if (ok) {
			gst_caps_replace(&g->draw_caps, caps);
			g->draw_pool = nv_pool_for(g->draw_pool, caps, &g->draw_info);
		}
	}
	gst_clear_caps(&caps);
	return ok;
}

static gboolean take_queued(nv_graph *g, gint64 *running_time)
{
	gboolean draw = FALSE;
	g_mutex_lock(&g->queue_lock);
	if (g->n_queued > 0) {
		draw = g->queued[g->first_queued].draw;
		*running_time = g->queued[g->first_queued].running_time;
		g->first_queued = (g->first_queued + 1) % NV_MAX_QUEUED;
		g->n_queued--;
	}
	g_mutex_unlock(&g->queue_lock);
	return draw;
}

/* On the appsrc's source pad. The decoder, processors and other holders may
 * still read a picture: it is drawn on in place only when nobody else has it. */
static GstPadProbeReturn on_continue(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	nv_graph *g = data;
	gint64 running_time;
	if (!take_queued(g, &running_time) || !follow_draw_caps(g, pad))
		return GST_PAD_PROBE_OK;
	GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
	if (!gst_buffer_is_writable(buffer) || !gst_buffer_is_all_memory_writable(buffer)) {
		GstBuffer *copy = copy_picture(g, buffer);
		if (!copy)
			return GST_PAD_PROBE_OK;
		gst_buffer_unref(buffer);
		GST_PAD_PROBE_INFO_DATA(info) = buffer = copy;
	}
	draw_in_place(g, buffer, running_time);
	return GST_PAD_PROBE_OK;
}

static void follow_packet_caps(nv_graph *g, GstCaps *caps)
{
	if (!caps || caps == g->packet_caps)
		return;
	gst_caps_replace(&g->packet_caps, caps);
	GstStructure *s = gst_caps_get_structure(caps, 0);
	gst_structure_get_int(s, "width", &g->packet_width);
	gst_structure_get_int(s, "height", &g->packet_height);
}

static GstFlowReturn on_packet(GstAppSink *sink, gpointer data)
{
	nv_graph *g = data;
	GstMapInfo map;
	GstSample *sample = gst_app_sink_pull_sample(sink);
	if (!sample)
		return GST_FLOW_FLUSHING;
	GstBuffer *buffer = gst_sample_get_buffer(sample);
	follow_packet_caps(g, gst_sample_get_caps(sample));
	if (buffer && gst_buffer_map(buffer, &map, GST_MAP_READ)) {
		guint64 running = gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME,
							      GST_BUFFER_PTS(buffer));
		nv_packet p = {
			.data = map.data,
			.size = map.size,
			.keyframe = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT),
			.width = g->packet_width,
			.height = g->packet_height,
			.running_time = GST_CLOCK_TIME_IS_VALID(running) ? (gint64)running : -1,
		};
		nvGoPacket(g->handle, &p);
		gst_buffer_unmap(buffer, &map);
	}
	gst_sample_unref(sample);
	return GST_FLOW_OK;
}

static void on_end(GstAppSink *sink, gpointer data)
{
	nv_graph *g = data;
	nvGoDrained(g->handle);
}

/* appsink may be NULL: then packets go nowhere. */
void nv_output_open(nv_graph *g, void *appsrc, void *appsink, int max_frames)
{
	g->appsrc = gst_object_ref(appsrc);
	g->max_queued = CLAMP(max_frames, 1, NV_MAX_QUEUED);
	GstPad *src = gst_element_get_static_pad(appsrc, "src");
	gst_pad_add_probe(src, GST_PAD_PROBE_TYPE_BUFFER, on_continue, nv_graph_ref(g), nv_graph_forget);
	gst_object_unref(src);
	if (!appsink)
		return;
	g->packet_sink_pad = gst_element_get_static_pad(appsink, "sink");
	GstAppSinkCallbacks callbacks = { .new_sample = on_packet, .eos = on_end };
	gst_app_sink_set_callbacks(appsink, &callbacks, nv_graph_ref(g), nv_graph_forget);
}

static gboolean enqueue(nv_graph *g, gint64 running_time, gboolean draw)
{
	g_mutex_lock(&g->queue_lock);
	gboolean room = g->n_queued < g->max_queued;
	if (room) {
		guint last = (g->first_queued + g->n_queued++) % NV_MAX_QUEUED;
		g->queued[last].draw = draw;
		g->queued[last].running_time = running_time;
	}
	g_mutex_unlock(&g->queue_lock);
	return room;
}

static void unqueue_newest(nv_graph *g)
{
	g_mutex_lock(&g->queue_lock);
	if (g->n_queued > 0)
		g->n_queued--;
	g_mutex_unlock(&g->queue_lock);
}

/* Hands a decoded picture on with its caps, segment and times; one push at a
 * time. appsrc's own limits only signal, so the level is kept here. */
int nv_push(nv_graph *g, nv_picture *p, int draw)
{
	if (!enqueue(g, p->running_time, draw))
		return NV_FULL;
	if (gst_app_src_push_sample(g->appsrc, nv_sample_native(p)) == GST_FLOW_OK)
		return NV_PUSHED;
	unqueue_newest(g);
	return NV_REFUSED;
}

void nv_output_end(nv_graph *g)
{
	if (g->appsrc)
		gst_app_src_end_of_stream(g->appsrc);
}

int nv_output_force_keyframe(nv_graph *g)
{
	if (!g->packet_sink_pad)
		return 0;
	return gst_pad_push_event(g->packet_sink_pad,
				  gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}
