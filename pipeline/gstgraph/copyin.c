#include "native.h"

/* Pictures that Go made, copied into pooled buffers for an encoder. */

static void copy_plane(GstVideoFrame *frame, guint plane, const uint8_t *from, int stride)
{
	if (plane >= GST_VIDEO_FRAME_N_PLANES(frame) || !from)
		return;
	gint comp[GST_VIDEO_MAX_COMPONENTS];
	gst_video_format_info_component(frame->info.finfo, plane, comp);
	gint width = GST_VIDEO_FRAME_COMP_WIDTH(frame, comp[0]) * GST_VIDEO_FRAME_COMP_PSTRIDE(frame, comp[0]);
	gint height = GST_VIDEO_FRAME_COMP_HEIGHT(frame, comp[0]);
	guint8 *to = GST_VIDEO_FRAME_PLANE_DATA(frame, plane);
	for (gint y = 0; y < height; y++)
		memcpy(to + (gsize)y * GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane), from + (gsize)y * stride, width);
}

/* Says what nv_copy_push will bring: I420 or NV12 at one size and rate. */
int nv_copy_open(nv_graph *g, int format, int width, int height, int fps_n, int fps_d)
{
	GstVideoFormat f = format == NV_NV12 ? GST_VIDEO_FORMAT_NV12 : GST_VIDEO_FORMAT_I420;
	if (!gst_video_info_set_format(&g->copy_info, f, width, height))
		return 0;
	GST_VIDEO_INFO_FPS_N(&g->copy_info) = fps_n;
	GST_VIDEO_INFO_FPS_D(&g->copy_info) = fps_d;
	GstCaps *caps = gst_video_info_to_caps(&g->copy_info);
	gst_app_src_set_caps(g->appsrc, caps);
	g->copy_pool = nv_pool_for(g->copy_pool, caps, &g->copy_info);
	gst_caps_unref(caps);
	return g->copy_pool != NULL;
}

/* Copies the planes; waits while the encoder is busy with earlier pictures. */
int nv_copy_push(nv_graph *g, const uint8_t *y, int y_stride, const uint8_t *u, int u_stride, const uint8_t *v,
		 int v_stride, int64_t pts)
{
	GstBuffer *buffer = NULL;
	GstVideoFrame frame;
	if (gst_buffer_pool_acquire_buffer(g->copy_pool, &buffer, NULL) != GST_FLOW_OK)
		return NV_REFUSED;
	if (!gst_video_frame_map(&frame, &g->copy_info, buffer, GST_MAP_WRITE)) {
		gst_buffer_unref(buffer);
		return NV_REFUSED;
	}
	copy_plane(&frame, 0, y, y_stride);
	copy_plane(&frame, 1, u, u_stride);
	copy_plane(&frame, 2, v, v_stride);
	gst_video_frame_unmap(&frame);
	GST_BUFFER_PTS(buffer) = pts;
	return gst_app_src_push_buffer(g->appsrc, buffer) == GST_FLOW_OK ? NV_PUSHED : NV_REFUSED;
}
