package motion

import "testing"

// drawn makes a region of the cells marked in a picture.
func drawn(rows []string) (*scratch, region, grid) {
	g := grid{cols: len(rows[0]), rows: len(rows), factor: 1}
	w := &scratch{}
	w.fit(g)
	for y, row := range rows {
		for x, c := range row {
			w.kinds[y*g.cols+x] = same
			if c == '#' {
				w.kinds[y*g.cols+x] = strong
			}
		}
	}
	w.findRegions(g)
	return w, w.regions[0], g
}

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		rows []string
		want [2]rect // the zero value: it is one
	}{
		"a block": {rows: []string{
			"##########",
			"##########",
			"##########",
			"##########",
			"##########",
			"##########",
		}},
		"a ball": {rows: []string{
			"....####....",
			"..########..",
			".##########.",
			"############",
			"############",
			"############",
			".##########.",
			"..########..",
			"....####....",
		}},
		"two side by side at different heights": {
			rows: []string{
				"########........",
				"########........",
				"########........",
				"################",
				"################",
				"........########",
				"........########",
				"........########",
			},
			want: [2]rect{{0, 0, 8, 5}, {8, 3, 16, 8}},
		},
		"one before the middle of another": {
			rows: []string{
				"......####......",
				"......####......",
				"......####......",
				"......####......",
				"################",
				"################",
				"################",
				"################",
				"......####......",
				"......####......",
				"......####......",
				"......####......",
			},
			want: [2]rect{{6, 0, 10, 12}, {0, 4, 16, 8}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, r, g := drawn(c.rows)
			a, b, two := w.split(r, g, 8)
			if !two {
				a, b = region{}, region{}
			}
			if a.box != c.want[0] || b.box != c.want[1] {
				t.Errorf("split into %v and %v (%v), want %v", a.box, b.box, two, c.want)
			}
		})
	}
}

func TestFragmentsNearEachOtherAreOneRegion(t *testing.T) {
	w, r, _ := drawn([]string{
		"####.####...###",
		"####.####...###",
		"####.####...###",
	})
	if len(w.regions) != 2 || r.box != (rect{0, 0, 9, 3}) || r.cells != 24 {
		t.Errorf("%d regions, the first %v of %d cells; want two, the first over the gap of one", len(w.regions), r.box, r.cells)
	}
}
