package family

// strideSets are the pyramids that published models have: three levels, or
// four for large inputs or small things.
var strideSets = [][]int{{8, 16, 32}, {8, 16, 32, 64}, {4, 8, 16, 32}}

// cells is the number of cells of a width×height input; 0 when a stride does
// not divide it.
func cells(width, height int, strides []int) int64 {
	n := 0
	for _, s := range strides {
		if width%s != 0 || height%s != 0 {
			return 0
		}
		n += (width / s) * (height / s)
	}
	return int64(n)
}

// levels are the strides with which the input has n/each cells; nil: none.
func (g Graph) levels(n int64, each int64) []int {
	for _, strides := range strideSets {
		if n > 0 && each*cells(g.Width, g.Height, strides) == n {
			return strides
		}
	}
	return nil
}
