#include "native.h"

int nv_element_has_property(void *element, const char *name)
{
	return g_object_class_find_property(G_OBJECT_GET_CLASS(element), name) != NULL;
}

void nv_version(int *major, int *minor, int *micro)
{
	guint a, b, c, nano;
	gst_version(&a, &b, &c, &nano);
	*major = a;
	*minor = b;
	*micro = c;
}
