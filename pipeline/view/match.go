package view

import "math"

// A picture is compared in blocks, each with one voice: what moves in the
// foreground, however strong its edges, has only the blocks that it covers.
const (
	blockCols = 12
	blockRows = 8

	blocksAcross = cols / blockCols
	blocksDown   = rows / blockRows
)

// shift is by how many cells what was at a place is further right and down now.
type shift struct{ x, y int }

// agreement says how well two pictures agree, 0–1: the mean over the blocks
// weighted by how much there is to see in them.
type agreement struct{ x, y float32 }

// worse is the agreement in the direction that agrees less: edges along a
// movement agree whether there was one or not.
func (a agreement) worse() float32 { return min(a.x, a.y) }

func (a agreement) mean() float32 { return (a.x + a.y) / 2 }

// agree compares now, shifted back by d, with a reference, over the blocks that
// are inside the picture then.
func agree(ref, now *edges, d shift) agreement {
	x, wx := ref.x.agree(&now.x, d)
	y, wy := ref.y.agree(&now.y, d)
	// A direction without edges has no opinion.
	if least := .1 * (wx + wy); wx < least {
		x = y
	} else if wy < least {
		y = x
	}
	return agreement{x, y}
}

func (p *plane) agree(now *plane, d shift) (agreement, weight float32) {
	for r := 0; r < rows; r += blockRows {
		for c := 0; c < cols; c += blockCols {
			if r+d.y < 0 || c+d.x < 0 || r+d.y+blockRows > rows || c+d.x+blockCols > cols {
				continue
			}
			a, w := p.block(now, r, c, d)
			agreement += a * w
			weight += w
		}
	}
	if weight == 0 {
		return 0, 0
	}
	return agreement / weight, weight
}

// quiet is the sum of squares below which a block has nothing to see.
const quiet = blockCols * blockRows * .02

func (p *plane) block(now *plane, r, c int, d shift) (agreement, weight float32) {
	var both, ref, other float32
	for y := r; y < r+blockRows; y++ {
		a := (*[blockCols]float32)(p[y*cols+c:])
		b := (*[blockCols]float32)(now[(y+d.y)*cols+c+d.x:])
		both += product(a, b)
		ref += product(a, a)
		other += product(b, b)
	}
	if ref < quiet {
		return 0, 0
	}
	if both <= 0 || other == 0 {
		return 0, ref
	}
	return both / float32(math.Sqrt(float64(ref)*float64(max(other, quiet)))), ref
}

// product is written out, in two sums, because this is where the time goes.
func product(a, b *[blockCols]float32) float32 {
	return (a[0]*b[0] + a[1]*b[1] + a[2]*b[2] + a[3]*b[3] + a[4]*b[4] + a[5]*b[5]) +
		(a[6]*b[6] + a[7]*b[7] + a[8]*b[8] + a[9]*b[9] + a[10]*b[10] + a[11]*b[11])
}
