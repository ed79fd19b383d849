package family

import "github.com/nvpipe/nvpipe/processors/detect/letterbox"

// rfdetr is read like RT-DETR, but is given pictures as DETR is.
var rfdetr = Family{
	Name:    "rfdetr",
	Outputs: "the outputs dets [batch, queries, 4] and labels [batch, queries, classes]",
	Input:   imageNet(560, letterbox.Stretch),
	read:    readRFDETR,
}

func readRFDETR(g Graph) Reading {
	r, classes := g.queries()
	if r.Fit == No {
		return r
	}
	if g.isRFDETR() || classes == cocoIDs && g.tells(classes, cocoIDs) {
		r.Fit = Clear
	}
	return g.sigmoid(r, classes)
}

// isRFDETR: the outputs are called as RF-DETR's own export does.
func (g Graph) isRFDETR() bool {
	found := map[string]bool{}
	for _, v := range g.Outputs {
		found[v.Name] = true
	}
	return found["dets"] && found["labels"]
}
