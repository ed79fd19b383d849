package family

import "math"

// best is the first of the highest values; values must not be empty.
func best(values []float32) (int, float32) {
	at, most := 0, values[0]
	for i, v := range values {
		if v > most {
			at, most = i, v
		}
	}
	return at, most
}

// logit is where a sigmoid has the value p.
func logit(p float32) float32 {
	return float32(math.Log(float64(p) / (1 - float64(p))))
}

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

// softmax is what a value becomes beside all values, the highest of which is
// top; NaN if one of them is NaN or top is infinite.
func softmax(values []float32, top float32) func(v float32) float32 {
	sum := 0.
	for _, v := range values {
		sum += math.Exp(float64(v - top))
	}
	return func(v float32) float32 { return float32(math.Exp(float64(v-top)) / sum) }
}
