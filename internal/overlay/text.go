package overlay

import (
	"image"
	"image/draw"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

var (
	boldFont    = sync.OnceValue(func() *opentype.Font { return mustParse(gobold.TTF) })
	regularFont = sync.OnceValue(func() *opentype.Font { return mustParse(goregular.TTF) })
)

// mustParse reads a font that is part of the program.
func mustParse(ttf []byte) *opentype.Font {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic(err)
	}
	return f
}

func newFace(f *opentype.Font, pixels float64) font.Face {
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: pixels, DPI: 72})
	if err != nil {
		panic(err) // it has no other reason than options that are wrong
	}
	return face
}

// maxGlyphs bounds the cache: every letter of an alphabet or two at the four
// positions. Beyond it the cache starts afresh.
const maxGlyphs = 1024

// typeface draws text of one font and size from glyphs that it keeps.
type typeface struct {
	face            font.Face
	ascent, descent int
	glyphs          map[glyphKey]glyph
}

// glyphKey: letters are kept at quarters of a pixel, which is what the eye
// notices in the spacing of small text.
type glyphKey struct {
	r       rune
	quarter uint8
}

type glyph struct {
	mask      []uint8
	w, h      int
	left, top int // of the mask, from the dot
	advance   fixed.Int26_6
}

func newTypeface(f *opentype.Font, pixels float64) *typeface {
	face := newFace(f, pixels)
	m := face.Metrics()
	return &typeface{
		face: face, ascent: m.Ascent.Ceil(), descent: m.Descent.Ceil(),
		glyphs: make(map[glyphKey]glyph),
	}
}

// printable replaces what must not be drawn.
func printable(r rune) rune {
	if r == utf8.RuneError || !unicode.IsPrint(r) {
		return '?'
	}
	return r
}

func (t *typeface) glyph(r rune, quarter uint8) glyph {
	key := glyphKey{printable(r), quarter}
	g, ok := t.glyphs[key]
	if !ok {
		if len(t.glyphs) >= maxGlyphs {
			clear(t.glyphs)
		}
		g = t.render(key)
		t.glyphs[key] = g
	}
	return g
}

func (t *typeface) render(key glyphKey) glyph {
	dot := fixed.Point26_6{X: fixed.Int26_6(key.quarter) * 16}
	// A letter that the font lacks is drawn as the font's own box.
	dr, mask, at, advance, _ := t.face.Glyph(dot, key.r)
	g := glyph{w: dr.Dx(), h: dr.Dy(), left: dr.Min.X, top: dr.Min.Y, advance: advance}
	if mask == nil || dr.Empty() {
		g.w, g.h = 0, 0
		return g
	}
	alpha := image.NewAlpha(image.Rect(0, 0, g.w, g.h))
	draw.Draw(alpha, alpha.Bounds(), mask, at, draw.Src)
	g.mask = alpha.Pix
	return g
}

// width of a text in pixels.
func (t *typeface) width(text []byte) int {
	var x fixed.Int26_6
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		x += t.glyph(r, 0).advance
	}
	return x.Ceil()
}

// draw puts a text into a mask of the given size, beginning at x on a baseline.
func (t *typeface) draw(mask []uint8, w, h, x, baseline int, text []byte) {
	dot := fixed.I(x)
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		g := t.glyph(r, uint8(dot&63)/16)
		g.draw(mask, w, h, dot.Floor()+g.left, baseline+g.top)
		dot += g.advance
	}
}

func (g *glyph) draw(mask []uint8, w, h, x0, y0 int) {
	for gy := max(0, -y0); gy < g.h && y0+gy < h; gy++ {
		for gx := max(0, -x0); gx < g.w && x0+gx < w; gx++ {
			i := (y0+gy)*w + x0 + gx
			mask[i] = max(mask[i], g.mask[gy*g.w+gx])
		}
	}
}

// cut shortens a text to a width, with an ellipsis in place of the rest; to
// nothing where not even that fits.
func (t *typeface) cut(text []byte, width int) []byte {
	if t.width(text) <= width {
		return text
	}
	for len(text) > 0 {
		_, n := utf8.DecodeLastRune(text)
		text = text[:len(text)-n]
		if short := append(text, "…"...); t.width(short) <= width {
			return short
		}
	}
	return nil
}
