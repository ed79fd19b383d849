package gstgraph

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"unsafe"

	"github.com/go-gst/go-gst/gst"
)

func hasProperty(el *gst.Element, name string) bool {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return C.nv_element_has_property(pointer(el), c) != 0
}
