package governor

// demand is what one feed may have: its weight, and the least and the most, in
// frames a second; least ≤ most.
type demand struct{ weight, least, most float64 }

// share divides a budget by weight: rates that are as proportional to the weights
// as the bounds allow. The sum is the budget, or that of all least or most if the
// budget is below or above it. rates is overwritten from its start.
func share(budget float64, demands []demand, rates []float64) []float64 {
	level, high := 0.0, 0.0
	for _, d := range demands {
		high = max(high, d.most/d.weight)
	}
	// The sum grows with the level; 50 halvings are exact to a double's noise.
	for low, step := 0.0, 0; step < 50; step++ {
		level = (low + high) / 2
		if sumAt(level, demands) > budget {
			high = level
		} else {
			low = level
		}
	}
	level = high
	rates = rates[:0]
	for _, d := range demands {
		rates = append(rates, d.at(level))
	}
	return rates
}

func (d demand) at(level float64) float64 { return min(max(level*d.weight, d.least), d.most) }

func sumAt(level float64, demands []demand) (sum float64) {
	for _, d := range demands {
		sum += d.at(level)
	}
	return sum
}
