package motion

import (
	"math"
	"time"
)

// background is the empty scene: for every cell its luma above black and how
// much that is off usually.
type background struct {
	mean, noise []float32
}

// Time constants of the running means, in seconds. The light's slow changes
// are followed as a whole (followLight), so these only have to keep up with
// what changes in places.
const (
	meanSeconds  = 8
	noiseSeconds = 5
)

// noiseFloor is the least noise a cell is given: rounding and codecs make
// differences that do not show in the first seconds.
const noiseFloor = .5

func share(dt time.Duration, seconds float64) float32 {
	return float32(1 - math.Exp(-dt.Seconds()/seconds))
}

// update moves every cell that is not taken towards what is seen there.
func (b *background) update(cells []float32, taken []bool, dt time.Duration) {
	toMean, toNoise := share(dt, meanSeconds), share(dt, noiseSeconds)
	for i, v := range cells {
		if taken[i] {
			continue
		}
		d := v - b.mean[i]
		b.mean[i] += toMean * d
		b.noise[i] += toNoise * (max(d, -d, noiseFloor) - b.noise[i])
	}
}

// followLight scales the background by the median of what every cell has
// become, and returns that factor: things that cover less than half of the
// picture do not change it.
func (b *background) followLight(cells []float32) float32 {
	const steps, one = 1024, 256
	var histogram [steps]int
	n := 0
	for i := 0; i < len(cells); i += 3 {
		if m := b.mean[i]; m > 8 {
			bin := int(cells[i] / m * one)
			histogram[min(max(bin, 0), steps-1)]++
			n++
		}
	}
	if n < 16 {
		return 1
	}
	gain := median(histogram[:], n) / one
	// Below a third and above three times there is nothing left to compare with.
	if gain > .33 && gain < 3 {
		for i := range b.mean {
			b.mean[i] *= gain
		}
	}
	return gain
}

// median of a histogram, between two bins where it falls between.
func median(histogram []int, n int) float32 {
	below := 0
	for bin, count := range histogram {
		if below+count > n/2 {
			return float32(bin) + float32(n/2-below)/float32(count)
		}
		below += count
	}
	return float32(len(histogram))
}
