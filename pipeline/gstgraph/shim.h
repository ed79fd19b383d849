/* What Go sees of the native side: plain C types only. native.h has the rest. */
#ifndef NVPIPE_SHIM_H
#define NVPIPE_SHIM_H

#include <stddef.h>
#include <stdint.h>

typedef struct nv_graph nv_graph;

enum { NV_I420 = 1, NV_NV12 = 2 };

/* A mapped picture. For decoded frames it is also the token that nv_push and
 * nv_sample_release take. */
typedef struct {
	uint8_t *plane[3];
	size_t size[3];
	int stride[3];
	int format, width, height;
	int bt709, full_range, suspect;
	int new_caps; /* the first picture of this size, format or rate */
	int fps_n, fps_d;
	int64_t running_time; /* ns in the graph */
	int64_t duration;     /* ns, 0: not said */
	int64_t arrived;      /* monotonic, µs */
	int64_t ntp;          /* the camera's wall clock, ns since 1970, 0: not known */
} nv_picture;

typedef struct {
	const uint8_t *data;
	size_t size;
	int keyframe, width, height;
	int64_t running_time;
} nv_packet;

enum { NV_ERROR = 1, NV_WARNING, NV_LATENCY, NV_CLOCK_LOST, NV_SEGMENT_DONE, NV_TIMEOUT };
enum { NV_DOMAIN_OTHER, NV_DOMAIN_CORE, NV_DOMAIN_LIBRARY, NV_DOMAIN_RESOURCE, NV_DOMAIN_STREAM };

/* A bus message, copied. */
typedef struct {
	int kind, domain, code;
	int output; /* from the continuation half */
	char source[48];
	char text[256];
	char debug[512];
} nv_message;

typedef struct {
	uint64_t packets, left_out, decoded, lost;
	int64_t since_packet; /* ns; -1: none yet */
} nv_counts;

/* graph.c: the native half of a graph. handle finds the Go half in callbacks. */
nv_graph *nv_graph_new(uint64_t handle);
void nv_graph_dispose(nv_graph *g);
void nv_graph_unref(nv_graph *g);

/* bus.c */
void nv_bus_watch(nv_graph *g, void *pipeline, void *output_bin);
void nv_bus_unwatch(void *pipeline);
int nv_bus_pop(nv_graph *g, nv_message *m);

/* input.c: from the decoder to Go. */
void nv_input_sink(nv_graph *g, void *appsink);
int nv_input_decoder(nv_graph *g, void *decoder, void *next);
void nv_input_parser(nv_graph *g, void *parser, int max_width, int max_height, int64_t max_pixels,
		     int intra_only, int keyframes_only);
void nv_input_close(nv_graph *g);
void nv_input_seal(nv_graph *g);
int64_t nv_input_latency(nv_graph *g);
nv_counts nv_input_counts(nv_graph *g);

/* decode.c: the decoder, and another one in its place. */
void nv_decode_bin(nv_graph *g, void *bin, int64_t limit_us, int units);
int nv_decode_target(nv_graph *g, void *first, void *last);
void nv_decode_begin(nv_graph *g, int guarded);
void nv_decode_guard(nv_graph *g, int guarded);
void nv_decode_end(nv_graph *g);
void nv_decode_watch(nv_graph *g, void *before);
int nv_decode_fault_text(nv_graph *g, nv_message *m);

/* sample.c */
void nv_sample_release(nv_picture *p);

/* gather.c */
void nv_gather_set(int64_t limit_us);
int nv_gather_end(nv_graph *g, int64_t limit_us);

/* source.c: rtspsrc and demuxers. */
void nv_source_rtsp(nv_graph *g, void *rtspsrc);
int nv_source_link(void *pad, void *element);
char *nv_source_trust(void *rtspsrc, const char *path, int any_name);
void nv_source_demux(nv_graph *g, void *demux);
int nv_source_keepalive(nv_graph *g);

/* witness.c: what a camera answered to a request; texts are "" where there are none. */
typedef struct {
	const char *method, *session, *transport, *location;
	int code;
} nv_answer;
int nv_witness_register(void);
void nv_witness_of(nv_graph *g);

/* loop.c */
int nv_loop_link(nv_graph *g, void *pad, void *element, int loop);
int nv_loop_play(nv_graph *g, int first);

/* output.c: from Go to the encoder and back. */
enum { NV_PUSHED, NV_FULL, NV_REFUSED };
void nv_output_open(nv_graph *g, void *appsrc, void *appsink, int max_frames);
int nv_push(nv_graph *g, nv_picture *p, int draw);
void nv_output_end(nv_graph *g);
int nv_output_force_keyframe(nv_graph *g);

/* copyin.c: pictures made in Go, for an encoder. */
int nv_copy_open(nv_graph *g, int format, int width, int height, int fps_n, int fps_d);
int nv_copy_push(nv_graph *g, const uint8_t *y, int y_stride, const uint8_t *u, int u_stride, const uint8_t *v,
		 int v_stride, int64_t pts);

/* log.c */
void nv_log_install(void);
int nv_log_criticals(void);
void nv_log_redact(const char **needles, size_t n);

/* element.c */
int nv_element_has_property(void *element, const char *name);
void nv_version(int *major, int *minor, int *micro);

#endif
