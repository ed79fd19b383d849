#include "native.h"

/* Buffers that are used again: a fresh allocation of a 1080p picture costs
 * more in page faults than the copy into it. */

void nv_pool_free(GstBufferPool *pool)
{
	if (!pool)
		return;
	gst_buffer_pool_set_active(pool, FALSE);
	gst_object_unref(pool);
}

/* A pool for the caps; old is freed. NULL when it cannot be made. */
GstBufferPool *nv_pool_for(GstBufferPool *old, GstCaps *caps, const GstVideoInfo *info)
{
	nv_pool_free(old);
	GstBufferPool *pool = gst_video_buffer_pool_new();
	GstStructure *config = gst_buffer_pool_get_config(pool);
	gst_buffer_pool_config_set_params(config, caps, GST_VIDEO_INFO_SIZE(info), 0, 0);
	if (gst_buffer_pool_set_config(pool, config) && gst_buffer_pool_set_active(pool, TRUE))
		return pool;
	gst_object_unref(pool);
	return NULL;
}
