#include "native.h"

#include <stdio.h>
#include <string.h>

/* GStreamer's own log with every registered secret blacked out. It is silent
 * unless GST_DEBUG asks for it, so it need not be fast. */

static GMutex lock;
static gchar **secrets; /* NULL-terminated */
static gint criticals;

void nv_log_redact(const char **needles, size_t n)
{
	gchar **copy = g_new0(gchar *, n + 1);
	for (size_t i = 0; i < n; i++)
		copy[i] = g_strdup(needles[i]);
	g_mutex_lock(&lock);
	gchar **old = secrets;
	secrets = copy;
	g_mutex_unlock(&lock);
	g_strfreev(old);
}

static void black_out(GString *line, const gchar *needle)
{
	gsize n = strlen(needle);
	for (gchar *at = strstr(line->str, needle); n > 0 && at;) {
		gsize pos = at - line->str;
		g_string_erase(line, pos, n);
		g_string_insert(line, pos, "***");
		at = strstr(line->str + pos + 3, needle);
	}
}

/* Whatever follows an Authorization header's name on its line is secret, also
 * a digest: it allows guessing offline. */
static void black_out_header(GString *line)
{
	static const gchar name[] = "uthorization";
	for (gchar *at = strstr(line->str, name); at;) {
		gsize pos = at - line->str + sizeof name - 1;
		gsize end = pos + strcspn(line->str + pos, "\r\n");
		g_string_erase(line, pos, end - pos);
		g_string_insert(line, pos, ": ***");
		at = strstr(line->str + pos + 5, name);
	}
}

/* rtspsrc says this of itself when a camera's connection ends while it is
 * being stopped; nothing follows from it. */
static const gchar not_ours[] = "gst_event_set_seqnum: assertion 'seqnum != GST_SEQNUM_INVALID' failed";

static void print_redacted(FILE *out, GString *line)
{
	g_mutex_lock(&lock);
	for (gchar **s = secrets; s && *s; s++)
		black_out(line, *s);
	g_mutex_unlock(&lock);
	black_out_header(line);
	fprintf(out, "%" GST_TIME_FORMAT " %s\n", GST_TIME_ARGS(gst_util_get_timestamp()), line->str);
	g_string_free(line, TRUE);
}

static void on_log(GstDebugCategory *category, GstDebugLevel level, const gchar *file, const gchar *function, gint row,
		   GObject *object, GstDebugMessage *message, gpointer data)
{
	/* Not gst_object_get_name: callers may hold the object's lock. */
	const gchar *name = object && GST_IS_OBJECT(object) ? GST_OBJECT_NAME(object) : NULL;
	GString *line = g_string_new(NULL);
	g_string_printf(line, "%s %s %s:%d:%s:<%s> %s", gst_debug_level_get_name(level),
			gst_debug_category_get_name(category), file, row, function, name ? name : "",
			gst_debug_message_get(message));
	print_redacted(data ? data : stderr, line);
}

/* GLib's warnings and criticals, of which the latter are somebody's mistake. */
static void on_glib_log(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data)
{
	if (level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_MESSAGE))
		return;
	gboolean critical = (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR)) != 0;
	if (critical && !strstr(message, not_ours))
		g_atomic_int_inc(&criticals);
	GString *line = g_string_new(NULL);
	g_string_printf(line, "%s %s: %s", critical ? "CRITICAL" : "WARN", domain ? domain : "GLib", message);
	print_redacted(stderr, line);
}

int nv_log_criticals(void) { return g_atomic_int_get(&criticals); }

/* After gst_init. GST_DEBUG and GST_DEBUG_FILE keep their meaning. */
void nv_log_install(void)
{
	const gchar *path = g_getenv("GST_DEBUG_FILE");
	FILE *file = path && *path && !g_str_equal(path, "-") ? fopen(path, "w") : NULL;
	gst_debug_remove_log_function(NULL);
	gst_debug_add_log_function(on_log, file, NULL);
	g_log_set_default_handler(on_glib_log, NULL);
}
