package detect

import (
	"github.com/nvpipe/nvpipe/processors/detect/nms"
	"github.com/nvpipe/nvpipe/processors/detect/yolox"
)

// yoloxDecoder reads the one output of YOLOX.
type yoloxDecoder struct{ head *yolox.Head }

func (d yoloxDecoder) Decode(o []Output, t Thresholds, dst []nms.Candidate) []nms.Candidate {
	return d.head.Decode(o[0].Values, t.Class, t.Floor, dst)
}
