// Package plots draws how the policies of a batch coordinator behave against
// load, for docs/batching.md. scripts/plots draws them anew.
//
// The loads are played on virtual time, which only tests have: it is a test that
// draws, when it is told where to.
package plots

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Panel is one chart: lines over the number of cameras.
type Panel struct {
	Title string
	Lines []Line
	// Axis is the vertical one.
	Axis Axis
}

// Line is one policy's points, ascending in X.
type Line struct {
	Name   string
	Points []Point
}

// Point is a value for a number of cameras.
type Point struct{ X, Y float64 }

// Axis is what a vertical axis shows.
type Axis struct {
	Name     string
	From, To float64
	Log      bool
	Ticks    []float64
}

// at is the place of a value, 0 at the bottom, 1 at the top.
func (a Axis) at(v float64) float64 {
	v = min(max(v, a.From), a.To)
	if a.Log {
		return math.Log(v/a.From) / math.Log(a.To/a.From)
	}
	return (v - a.From) / (a.To - a.From)
}

// The size of a panel, and of the room around its plot for titles and numbers.
const (
	width, height            = 400, 290
	left, right, top, bottom = 52, 14, 34, 44
	plotWidth                = width - left - right
	plotHeight               = height - top - bottom
	legendHeight             = 34
	across                   = 2
)

// style tells the lines apart, also in print and for the colour-blind.
type style struct {
	colour, dash string
	width        float64
}

var styles = []style{{"#D55E00", "2 4", 2}, {"#CC79A7", "7 4", 2}, {"#0072B2", "9 3 2 3", 1.5}, {"#77CDB5", "", 5}, {"#888888", "1 3", 2}}

// SVG is the panels side by side, two in a row, under one legend. Lines of one
// name look alike in all of them.
func SVG(about string, panels []Panel) string {
	var s strings.Builder
	rows := (len(panels) + across - 1) / across
	w, h := across*width, legendHeight+rows*height
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="11" role="img">`+"\n", w, h, w, h)
	fmt.Fprintf(&s, "<title>%s</title>\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", escape(about), w, h)
	names := namesOf(panels)
	legend(&s, names)
	for i, p := range panels {
		fmt.Fprintf(&s, `<g transform="translate(%d %d)">`+"\n", i%across*width, legendHeight+i/across*height)
		p.draw(&s, names)
		s.WriteString("</g>\n")
	}
	s.WriteString("</svg>\n")
	return s.String()
}

func namesOf(panels []Panel) map[string]style {
	names := map[string]style{}
	for _, p := range panels {
		for _, l := range p.Lines {
			if _, ok := names[l.Name]; !ok {
				names[l.Name] = styles[len(names)%len(styles)]
			}
		}
	}
	return names
}

func (p Panel) draw(s *strings.Builder, names map[string]style) {
	fmt.Fprintf(s, `<text x="%d" y="20" font-weight="bold">%s</text>`+"\n", left, escape(p.Title))
	most := 1.
	for _, l := range p.Lines {
		for _, at := range l.Points {
			most = max(most, at.X)
		}
	}
	p.grid(s, most)
	// The last, which is wide, is drawn first: lines that coincide are all seen.
	for _, l := range slices.Backward(p.Lines) {
		var points []string
		for _, at := range l.Points {
			points = append(points, fmt.Sprintf("%.1f,%.1f", left+plotWidth*at.X/most, top+plotHeight*(1-p.Axis.at(at.Y))))
		}
		fmt.Fprintf(s, `<polyline points="%s" %s/>`+"\n", strings.Join(points, " "), names[l.Name].stroke())
	}
}

func (p Panel) grid(s *strings.Builder, most float64) {
	for _, v := range p.Axis.Ticks {
		y := top + plotHeight*(1-p.Axis.at(v))
		fmt.Fprintf(s, `<path d="M%d %.1fH%d" stroke="#e4e4e4"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n", left, y, width-right, left-6, y+4, v)
	}
	step := math.Pow(2, math.Ceil(math.Log2(most/8)))
	for v := 0.; v <= most; v += step {
		x := left + plotWidth*v/most
		fmt.Fprintf(s, `<path d="M%.1f %dV%d" stroke="#e4e4e4"/><text x="%.1f" y="%d" text-anchor="middle">%g</text>`+"\n", x, top, height-bottom, x, height-bottom+16, v)
	}
	fmt.Fprintf(s, `<text x="%d" y="%d" text-anchor="middle">cameras</text>`+"\n", left+plotWidth/2, height-bottom+32)
	fmt.Fprintf(s, `<text transform="translate(12 %d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", top+plotHeight/2, escape(p.Axis.Name))
	fmt.Fprintf(s, `<path d="M%d %dV%dH%d" fill="none" stroke="#444"/>`+"\n", left, top, height-bottom, width-right)
}

func (s style) stroke() string {
	dash := ""
	if s.dash != "" {
		dash = fmt.Sprintf(`stroke-dasharray="%s" `, s.dash)
	}
	return fmt.Sprintf(`fill="none" stroke="%s" stroke-width="%g" %s`, s.colour, s.width, dash)
}

func legend(s *strings.Builder, names map[string]style) {
	x := left
	for _, look := range styles {
		for name, its := range names {
			if its == look {
				fmt.Fprintf(s, `<path d="M%d 18h34" %s/><text x="%d" y="22">%s</text>`+"\n", x, its.stroke(), x+40, escape(name))
				x += 60 + 7*len(name)
			}
		}
	}
}

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
