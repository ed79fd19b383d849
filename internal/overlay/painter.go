package overlay

import (
	"math"
	"slices"
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// maxBoxes is how many detections are drawn in a picture. More than that
// cannot be told apart.
const maxBoxes = 256

// Painter draws the findings of one feed. It is not for use by several
// goroutines at a time.
type Painter struct {
	cfg Config

	size  int // what look was made for
	look  look
	style style
	inks  [len(palette)]inks

	boxes  []box
	notes  []note
	placed []rect
	lines  [1 + maxNotes][]byte // of the plate being drawn, the first shown
	shown  int
	mask   []uint8
}

// look is what depends on the picture's size.
type look struct {
	line    int // width of a box's line, even
	outline int // width of the dark edges beside it
	dash    int
	padX    int
	padY    int
	labels  *typeface
}

// style is what colours depend on.
type style struct {
	matrix    frame.Matrix
	fullRange bool
	made      bool
}

// inks are a colour's samples: of lines and plates, of plates that are old,
// and of the text on them.
type inks struct{ line, old, text, oldText yuv }

// box is one detection to be drawn.
type box struct {
	rect
	detection *frame.Detection
	colour    int
	age       time.Duration // 0: not old
}

// NewPainter returns a Painter; cfg is valid.
func NewPainter(cfg Config) *Painter { return &Painter{cfg: cfg} }

// Draw draws the findings. Detections whose box is empty, outside the picture,
// or not a number are passed over; boxes that reach beyond it are cut. The only
// error is ErrImage.
func (p *Painter) Draw(img *Image, findings []frame.Finding) error {
	if err := p.prepare(img); err != nil {
		return err
	}
	p.gather(img, findings)
	c := newCanvas(img)
	for i := range p.boxes {
		p.frame(c, &p.boxes[i])
	}
	if p.cfg.Labels {
		p.placed = p.placed[:0]
		for i := range p.boxes {
			p.label(c, &p.boxes[i])
		}
	}
	return nil
}

// prepare makes what depends on the picture's size and colours.
func (p *Painter) prepare(img *Image) error {
	if err := img.check(); err != nil {
		return err
	}
	if size := min(img.Width, img.Height); size != p.size {
		p.size, p.look = size, newLook(float64(size), p.cfg.Scale)
	}
	s := style{img.Matrix, img.FullRange, true}
	if s == p.style {
		return nil
	}
	p.style = s
	sample := func(c rgb) yuv { return c.samples(s.matrix, s.fullRange) }
	for i, c := range palette {
		dim := c.mix(slate, 0.65)
		p.inks[i] = inks{sample(c), sample(dim), sample(c.ink()), sample(dim.ink())}
	}
	return nil
}

// newLook gives lines of 2 pixels and text of 11 at 240, 4 and 22 at 1080, 8
// and 36 at 2160 pixels.
func newLook(size, scale float64) look {
	line := max(2, 2*int(math.Round(size*scale/540)))
	pixels := (8 + size*14/1080) * scale
	return look{
		line:    line,
		outline: max(1, line/4),
		dash:    5 * line,
		padX:    int(math.Round(pixels * 0.35)),
		padY:    int(math.Round(pixels * 0.12)),
		labels:  newTypeface(boldFont(), pixels),
	}
}

// gather lists what is to be drawn, from top to bottom, so that a label keeps
// its place from frame to frame while nothing moves.
func (p *Painter) gather(img *Image, findings []frame.Finding) {
	p.boxes, p.notes = p.boxes[:0], p.notes[:0]
	for i := range findings {
		f := &findings[i]
		age := f.Age
		if age <= p.cfg.OldAfter {
			age = 0
		}
		for j := range f.Result.Output.Detections {
			d := &f.Result.Output.Detections[j]
			if of := p.noteOn(findings, f, d); of != nil {
				if len(p.notes) < maxBoxes {
					p.notes = append(p.notes, note{of, d, age})
				}
				continue
			}
			r, ok := pixels(d.Box, img)
			if !ok || len(p.boxes) == maxBoxes {
				continue
			}
			p.boxes = append(p.boxes, box{r, d, paletteIndex(d.Label), age})
		}
	}
	slices.SortStableFunc(p.boxes, func(a, b box) int {
		if a.y0 != b.y0 {
			return a.y0 - b.y0
		}
		return a.x0 - b.x0
	})
}

// pixels is a box on the picture: cut to it, at even pixels; false: nothing of
// it is there.
func pixels(b frame.Box, img *Image) (rect, bool) {
	// A comparison with NaN is false, so these let nothing but numbers through.
	if !(b.XMin < b.XMax && b.YMin < b.YMax && b.XMin < 1 && b.YMin < 1 && b.XMax > 0 && b.YMax > 0) {
		return rect{}, false
	}
	x0, x1 := even(b.XMin, img.Width), even(b.XMax, img.Width)
	y0, y1 := even(b.YMin, img.Height), even(b.YMax, img.Height)
	r := rect{x0, y0, min(max(x1, x0+2), img.Width), min(max(y1, y0+2), img.Height)}
	return r, !r.empty()
}

// even is the even pixel nearest to a share of the size.
func even(v float32, size int) int {
	return 2 * int(math.Round(float64(min(1, max(0, v)))*float64(size)/2))
}

// frame draws a box's line between dark edges; dashed if it is old.
func (p *Painter) frame(c canvas, b *box) {
	line, out := p.look.line, p.look.outline
	col := p.inks[b.colour].line
	if b.age > 0 {
		for _, l := range edges(b.rect, line) {
			p.dashes(c, l, col)
		}
		return
	}
	for _, l := range edges(b.grow(out), out) {
		c.shade(l)
	}
	for _, l := range edges(b.grow(-line), out) {
		c.shade(l)
	}
	for _, l := range edges(b.rect, line) {
		c.fill(l, col)
	}
}

// edges are a box's four sides, without covering a corner twice.
func edges(r rect, line int) [4]rect {
	y0, y1 := min(r.y0+line, r.y1), max(r.y1-line, r.y0)
	x0, x1 := min(r.x0+line, r.x1), max(r.x1-line, r.x0)
	if y0 > y1 { // lower than two lines: one filled bar
		y0, y1 = r.y1, r.y1
	}
	return [4]rect{
		{r.x0, r.y0, r.x1, y0},
		{r.x0, y1, r.x1, r.y1},
		{r.x0, y0, x0, y1},
		{max(x0, x1), y0, r.x1, y1},
	}
}

func (p *Painter) dashes(c canvas, l rect, col yuv) {
	dash, out := p.look.dash, p.look.outline
	across := l.x1-l.x0 >= l.y1-l.y0
	for at := 0; ; at += 2 * dash {
		d := rect{l.x0, l.y0 + at, l.x1, min(l.y1, l.y0+at+dash)}
		if across {
			d = rect{l.x0 + at, l.y0, min(l.x1, l.x0+at+dash), l.y1}
		}
		if d.empty() {
			return
		}
		c.shade(d.grow(out))
		c.fill(d, col)
	}
}
