package motion

import (
	"encoding/binary"

	"github.com/nvpipe/nvpipe/frame"
)

// grid is the small picture: cells of factor×factor pixels, the last column
// and row possibly of fewer.
type grid struct{ cols, rows, factor int }

func makeGrid(width, height, columns int) grid {
	factor := max(1, (max(width, height)+columns/2)/columns)
	return grid{(width + factor - 1) / factor, (height + factor - 1) / factor, factor}
}

func (g grid) cells() int { return g.cols * g.rows }

// black is luma's zero in video range; taken off so that a change of light is
// a factor.
const black = 16

// enoughRows of pixels averaged per cell: more of them hardly lowers the noise
// and costs memory bandwidth, which is what a large picture's time goes into.
const enoughRows = 4

// shrinker averages luma down to a grid.
type shrinker struct {
	even, odd []uint64 // sums of 4 columns each, 16 bits per column
	columns   []uint32
}

// luma writes the mean luma above black of every cell to cells.
func (s *shrinker) luma(f *frame.Frame, g grid, cells []float32) {
	chunks := f.Width / 8
	s.even, s.odd = resized(s.even, chunks), resized(s.odd, chunks)
	s.columns = resized(s.columns, f.Width)
	offset := float32(black)
	if f.FullRange {
		offset = 0
	}
	step := max(1, g.factor/enoughRows)
	for row := range g.rows {
		n := s.addRows(f, row*g.factor, min((row+1)*g.factor, f.Height), step)
		out := cells[row*g.cols:][:g.cols]
		scale := 1 / float32(n*g.factor)
		whole := f.Width / g.factor
		for c := range out[:whole] {
			out[c] = float32(sum(s.columns[c*g.factor:][:g.factor]))*scale - offset
		}
		if rest := s.columns[whole*g.factor:]; len(rest) > 0 {
			out[whole] = float32(sum(rest))/float32(n*len(rest)) - offset
		}
	}
}

func sum(values []uint32) (total uint32) {
	for _, v := range values {
		total += v
	}
	return total
}

// addRows sums every step'th row of pixels from y0 to y1 column by column, 8
// columns at a time, and returns how many rows that were. Steps keep it below
// 257 rows, where 16 bits would overflow: there are at most 2·enoughRows.
func (s *shrinker) addRows(f *frame.Frame, y0, y1, step int) int {
	const bytes = 0x00FF00FF00FF00FF
	clear(s.even)
	clear(s.odd)
	tail := s.columns[len(s.even)*8:]
	clear(tail)
	n := 0
	for y := y0; y < y1; y += step {
		row := f.Planes[0].Data[y*f.Planes[0].Stride:][:f.Width]
		even, odd := s.even, s.odd[:len(s.even)]
		for i := range even {
			eight := binary.LittleEndian.Uint64(row[8*i:])
			even[i] += eight & bytes
			odd[i] += eight >> 8 & bytes
		}
		for i, v := range row[len(even)*8:] {
			tail[i] += uint32(v)
		}
		n++
	}
	for i, even := range s.even {
		odd := s.odd[i]
		to := s.columns[8*i:][:8]
		to[0], to[1] = uint32(even&0xFFFF), uint32(odd&0xFFFF)
		to[2], to[3] = uint32(even>>16&0xFFFF), uint32(odd>>16&0xFFFF)
		to[4], to[5] = uint32(even>>32&0xFFFF), uint32(odd>>32&0xFFFF)
		to[6], to[7] = uint32(even>>48), uint32(odd>>48)
	}
	return n
}

// resized returns s with length n, its contents unspecified.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
