/* Shared by the C files of this package; never seen by Go. */
#ifndef NVPIPE_NATIVE_H
#define NVPIPE_NATIVE_H

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include "shim.h"

/* The ledger between the decoder's source pad and Go: see ledger.c. */
typedef struct {
	GMutex lock;
	guint64 decoded, lost;
	gboolean closing, sealed;
	gboolean travelling; /* a frame has left the decoder and not yet arrived */
} nv_ledger;

/* What the parser knew about an access unit, kept until its picture comes out
 * of the decoder. */
typedef struct {
	GstClockTime pts;
	gint64 ntp;
	gboolean suspect;
} nv_unit;

enum { NV_UNITS = 64, NV_MESSAGES = 32, NV_MAX_QUEUED = 64 };

/* The decoder in use: see decode.c. */
typedef struct {
	GstObject *bin; /* compared only, no reference */
	gint64 limit;
	gint least_units;
	gint guarded, proven, ended;
	GMutex lock;
	gint fault;
	nv_message message;
	/* of the thread that brings access units */
	gboolean await_keyframe, keyed;
	guint awaited;
	gint unanswered; /* units since the newest picture */
	gint64 unanswered_since;
} nv_decode;

typedef struct nv_sample nv_sample;

struct nv_graph {
	gint refs;
	guint64 handle;

	nv_ledger ledger;

	/* input: written before data flows, or by the streaming thread only */
	GstPad *decoder_src;
	GstPad *sink_pad;
	GstPadChainFunction next_chain;
	GstCaps *caps;
	GstVideoInfo info;
	guint64 packets, left_out;
	gint64 last_packet; /* arrived from the source; monotonic, µs; 0: none yet */
	gint64 last_running_time;
	gboolean intra_only, keyframes_only;
	gint max_width, max_height;
	gint64 max_pixels;

	nv_decode decode;

	GMutex units_lock;
	nv_unit units[NV_UNITS];
	guint next_unit;
	gboolean suspect;

	GMutex free_lock;
	nv_sample *free;
	guint n_free;
	guint delivering; /* gather.c's */

	/* source */
	GstElement *rtspsrc;
	gint keepalive_refused;
	GstPad *media_sink; /* first pad after the demuxer */
	GstPad *blocked;
	gulong block_id;
	gboolean looping;
	GstSegment segment;
	GstClockTime loop_end; /* running time at which the newest unit ends */

	/* bus */
	GMutex bus_lock;
	nv_message messages[NV_MESSAGES];
	guint first_message, n_messages;
	GstObject *output_bin; /* compared only, no reference */

	/* output */
	GstAppSrc *appsrc;
	GMutex queue_lock;
	struct {
		gboolean draw;
		gint64 running_time;
	} queued[NV_MAX_QUEUED]; /* pushed and not yet past the drawing */
	guint first_queued, n_queued, max_queued;
	GstPad *packet_sink_pad;
	GstCaps *draw_caps;
	GstVideoInfo draw_info;
	GstBufferPool *draw_pool;
	GstCaps *packet_caps;
	gint packet_width, packet_height;
	GstVideoInfo copy_info;
	GstBufferPool *copy_pool;
};

nv_graph *nv_graph_ref(nv_graph *g);
void nv_graph_forget(gpointer g); /* nv_graph_unref as a GDestroyNotify */
void nv_graph_forget_closure(gpointer g, GClosure *closure);

void nv_input_arrivals(nv_graph *g, GstPad *pad);

void nv_ledger_init(nv_ledger *l);
gboolean nv_ledger_left_decoder(nv_ledger *l);
gboolean nv_ledger_arrived(nv_ledger *l);
void nv_ledger_push_ended(nv_ledger *l, GstFlowReturn flow);
void nv_ledger_count_lost(nv_ledger *l);
void nv_ledger_close(nv_ledger *l);
void nv_ledger_seal(nv_ledger *l);

void nv_decode_fault(nv_graph *g, const nv_message *m);
gboolean nv_decode_owns(nv_graph *g, GstObject *o);
void nv_decode_answered(nv_graph *g);

nv_sample *nv_sample_new(nv_graph *g, GstSample *sample);
nv_picture *nv_sample_picture(nv_sample *s);
GstSample *nv_sample_native(nv_picture *p);
void nv_sample_free_all(nv_graph *g);
nv_graph *nv_sample_graph(nv_sample *s);
nv_sample *nv_sample_next(nv_sample *s);
nv_sample **nv_sample_link(nv_sample *s);

gboolean nv_gather_add(nv_sample *s);
void nv_picture_fill(nv_picture *p, GstVideoFrame *frame);

void nv_units_add(nv_graph *g, GstBuffer *buffer);
void nv_units_find(nv_graph *g, GstClockTime pts, gint64 *ntp, gboolean *suspect);

void nv_loop_unit(nv_graph *g, GstBuffer *buffer);
GstEvent *nv_loop_segment(nv_graph *g, GstEvent *event);

void nv_bus_post(nv_graph *g, const nv_message *m);

GstBufferPool *nv_pool_for(GstBufferPool *old, GstCaps *caps, const GstVideoInfo *info);
void nv_pool_free(GstBufferPool *pool);

#endif
