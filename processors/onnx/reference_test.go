package onnx

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"github.com/nvpipe/nvpipe/frame"
)

// publishedYOLOX is YOLOX's post-processing, written out plainly from its
// published form: decode every row, best class per row, suppress per class.
func publishedYOLOX(out []float32, width, height, classes int, fitWidth, fitHeight, confidence, iou float64) []frame.Detection {
	type row struct {
		x1, y1, x2, y2, score float64
		class                 int
	}
	var rows []row
	i := 0
	for _, stride := range []int{8, 16, 32} {
		for gy := range height / stride {
			for gx := range width / stride {
				v := out[i*(5+classes) : (i+1)*(5+classes)]
				i++
				s := float64(stride)
				cx, cy := (float64(v[0])+float64(gx))*s, (float64(v[1])+float64(gy))*s
				w, h := math.Exp(float64(v[2]))*s, math.Exp(float64(v[3]))*s
				r := row{cx - w/2, cy - h/2, cx + w/2, cy + h/2, 0, 0}
				for c, p := range v[5:] {
					if score := float64(p) * float64(v[4]); score > r.score {
						r.score, r.class = score, c
					}
				}
				if r.score >= confidence {
					rows = append(rows, r)
				}
			}
		}
	}
	overlap := func(a, b row) float64 {
		w, h := min(a.x2, b.x2)-max(a.x1, b.x1), min(a.y2, b.y2)-max(a.y1, b.y1)
		both := max(w, 0) * max(h, 0)
		return both / ((a.x2-a.x1)*(a.y2-a.y1) + (b.x2-b.x1)*(b.y2-b.y1) - both)
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(b.score, a.score) })
	var kept []row
	for _, r := range rows {
		if !slices.ContainsFunc(kept, func(k row) bool { return k.class == r.class && overlap(k, r) > iou }) {
			kept = append(kept, r)
		}
	}
	var found []frame.Detection
	for _, k := range kept {
		share := func(v, of float64) float32 { return float32(min(max(v/of, 0), 1)) }
		found = append(found, frame.Detection{Class: k.class, Confidence: float32(k.score), Box: frame.Box{
			XMin: share(k.x1, fitWidth), YMin: share(k.y1, fitHeight), XMax: share(k.x2, fitWidth), YMax: share(k.y2, fitHeight)}})
	}
	return found
}

// differ: the classes do, or a coordinate or the confidence by more than tolerance.
func differ(a, b frame.Detection, tolerance float64) bool {
	for _, d := range []float32{a.Box.XMin - b.Box.XMin, a.Box.YMin - b.Box.YMin, a.Box.XMax - b.Box.XMax,
		a.Box.YMax - b.Box.YMax, a.Confidence - b.Confidence} {
		if !(math.Abs(float64(d)) <= tolerance) {
			return true
		}
	}
	return a.Class != b.Class
}

func sameDetections(t *testing.T, what string, got, want []frame.Detection, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d detections, want %d:\n%+v\n%+v", what, len(got), len(want), got, want)
	}
	for i := range got {
		if differ(got[i], want[i], tolerance) {
			t.Fatalf("%s: detection %d is %+v, want %+v", what, i, got[i], want[i])
		}
	}
}

// beyond leaves out what is so near to the threshold that rounding decides it.
func beyond(found []frame.Detection, threshold float32) []frame.Detection {
	return slices.DeleteFunc(slices.Clone(found), func(d frame.Detection) bool {
		return math.Abs(float64(d.Confidence-threshold)) < 1e-4
	})
}

// On every tenth frame of the footage, the same rows give the same boxes as the
// published post-processing, and a batch of 8 gives what 8 batches of one
// picture give.
func TestRealModelIsReadExactly(t *testing.T) {
	const threshold = .3
	single := started(t, config(t, fixedModel), Options{})
	batched := started(t, config(t, dynamicModel), Options{MaxBatch: 8})
	for _, c := range []struct {
		film          string
		width, height int
		least         int // detections, of which fewer would prove little
	}{
		{"bottle-detection.mp4", 640, 360, 150},
		{"one-by-one-person-detection.mp4", 768, 432, 100},
		{"car-detection.mp4", 768, 432, 0},
	} {
		t.Run(c.film, func(t *testing.T) {
			frames := footage(t, c.film, c.width, c.height, "select='not(mod(n,10))'")
			if testing.Short() {
				frames, c.least = frames[:16], 0
			}
			total := 0
			for part := range slices.Chunk(frames, 8) {
				batch := entries(part...)
				if err := batched.Process(context.Background(), batch); err != nil {
					t.Fatal(err)
				}
				for i, f := range part {
					alone := beyond(found(t, single, f)[0].Output.Detections, threshold)
					// The films are 16:9, which is 416×234 of the model's 416×416.
					want := publishedYOLOX(lastOutput(single), 416, 416, 80, 416, 234, threshold, .45)
					sameDetections(t, "against the published post-processing", alone, beyond(want, threshold), 1e-5)
					sameDetections(t, "in a batch of 8", beyond(batch[i].Output.Detections, threshold), alone, 1e-4)
					total += len(alone)
				}
			}
			t.Logf("%d detections in %d pictures", total, len(frames))
			if total < c.least {
				t.Errorf("%d detections prove little", total)
			}
		})
	}
}
