#include "native.h"

#include <gst/rtsp/gstrtspextension.h>
#include <gst/rtsp/gstrtspmessage.h>

#include "_cgo_export.h"

/* What a camera answers, seen through rtspsrc's interface for extensions: it
 * makes one of every registered kind for itself, and shows it each answer
 * before acting on it. The answers' meaning is decided in Go. */

typedef struct {
	GstElement element;
	nv_graph *graph; /* NULL: of an rtspsrc that is not ours */
} nv_witness;

typedef struct {
	GstElementClass parent;
} nv_witnessClass;

static void witness_is_extension(gpointer iface, gpointer data);

G_DEFINE_TYPE_WITH_CODE(nv_witness, nv_witness, GST_TYPE_ELEMENT,
			G_IMPLEMENT_INTERFACE(GST_TYPE_RTSP_EXTENSION, witness_is_extension))

/* The graph whose rtspsrc this thread is making. */
static __thread nv_graph *making;

void nv_witness_of(nv_graph *g) { making = g; }

static const char *header(GstRTSPMessage *m, GstRTSPHeaderField field)
{
	gchar *value = NULL;
	gst_rtsp_message_get_header(m, field, &value, 0);
	return value ? value : "";
}

static GstRTSPResult after_send(GstRTSPExtension *ext, GstRTSPMessage *request, GstRTSPMessage *answer)
{
	nv_graph *g = ((nv_witness *)ext)->graph;
	if (!g || request->type != GST_RTSP_MESSAGE_REQUEST || answer->type != GST_RTSP_MESSAGE_RESPONSE)
		return GST_RTSP_OK;
	nv_answer a = {
		.method = gst_rtsp_method_as_text(request->type_data.request.method),
		.code = answer->type_data.response.code,
		.session = header(answer, GST_RTSP_HDR_SESSION),
		.transport = header(answer, GST_RTSP_HDR_TRANSPORT),
		.location = header(answer, GST_RTSP_HDR_LOCATION),
	};
	if (nvGoAnswer(g->handle, &a) != 0)
		answer->type_data.response.code = GST_RTSP_STS_FORBIDDEN;
	return GST_RTSP_OK;
}

static void witness_is_extension(gpointer iface, gpointer data)
{
	((GstRTSPExtensionInterface *)iface)->after_send = after_send;
}

static void nv_witness_init(nv_witness *w)
{
	if (making)
		w->graph = nv_graph_ref(making);
}

static void finalize(GObject *o)
{
	nv_witness *w = (nv_witness *)o;
	if (w->graph)
		nv_graph_unref(w->graph);
	G_OBJECT_CLASS(nv_witness_parent_class)->finalize(o);
}

static void nv_witness_class_init(nv_witnessClass *class)
{
	G_OBJECT_CLASS(class)->finalize = finalize;
	gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(class), "Camera's answers", "Network/Extension/Protocol",
					      "Shows what an RTSP server answers", "nvpipe");
}

/* Before the first rtspsrc is made: that one's class looks for extensions once,
 * and keeps what it finds for good. */
int nv_witness_register(void)
{
	if (!gst_element_register(NULL, "nvpipertspwitness", GST_RANK_MARGINAL, nv_witness_get_type()))
		return FALSE;
	GstElementFactory *f = gst_element_factory_find("nvpipertspwitness");
	GST_OBJECT_FLAG_SET(f, GST_OBJECT_FLAG_MAY_BE_LEAKED);
	gst_object_unref(f);
	return TRUE;
}
