// Package family is the table of the families of models that detectors read:
// how each is told by a model's outputs, what it is given by default, and how
// what it says becomes candidates.
//
// All outputs have the batch as their first dimension, left out below. Cells
// are the cells of the grids that strides of 8, 16 and 32 pixels lay over the
// input (some models have a fourth, of 4 or 64), level after level, row by
// row. Scores are 0–1 unless called logits.
//
//	yolox       [cells, 5 + classes]       offset, log size, objectness, scores; by the cell
//	yolov5      [3 × cells, 5 + classes]   cx cy w h in pixels, objectness, scores
//	yolov8      [4 + classes, cells]       cx cy w h in pixels, scores; or transposed
//	yolov10     [rows, 6]                  x1 y1 x2 y2 in pixels, score, class; nothing to suppress
//	rtdetr      [queries, classes] logits, sigmoid; [queries, 4] cx cy w h, 0–1
//	            or [queries, 4 + classes]  cx cy w h, 0–1, scores
//	rfdetr      as rtdetr with two outputs, for pictures given as to detr
//	detr        [queries, classes + 1] logits, softmax, the last: nothing there; [queries, 4] cx cy w h, 0–1
//	ssd         [rows, 4] boxes; [rows] scores; [rows] classes; perhaps [] count
//	classifier  [classes] or [classes, 1, 1]: probabilities or logits
//
// The comment on each family's decoder has the whole of it.
package family
