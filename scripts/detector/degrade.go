package main

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
)

// degrade does to a picture what lens, sensor and encoder may do: some of it,
// by chance. Blocks of 8×8 quantised by JPEG stand for every encoder's.
func degrade(p **image.YCbCr, rng *rand.Rand) error {
	if rng.IntN(3) == 0 {
		blur(*p)
	}
	if rng.IntN(2) == 0 {
		tone((*p).Y, 16, .75+.5*rng.Float64(), 20*(rng.Float64()-.5))
		saturation := .6 + .7*rng.Float64()
		tone((*p).Cb, 128, saturation, 8*(rng.Float64()-.5))
		tone((*p).Cr, 128, saturation, 8*(rng.Float64()-.5))
	}
	if rng.IntN(4) > 0 {
		return encode(p, 20+rng.IntN(76))
	}
	return nil
}

// blur averages each luma with its right and lower neighbours.
func blur(p *image.YCbCr) {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	for y := range h - 1 {
		row, below := p.Y[y*p.YStride:][:w], p.Y[(y+1)*p.YStride:][:w]
		for x := range w - 1 {
			row[x] = byte((int(row[x]) + int(row[x+1]) + int(below[x]) + int(below[x+1]) + 2) / 4)
		}
	}
}

// tone scales samples around centre and shifts them, within the 16–235 of video.
func tone(samples []byte, centre, gain, shift float64) {
	var curve [256]byte
	for i := range curve {
		curve[i] = byte(min(max(centre+(float64(i)-centre)*gain+shift+.5, 16), 235))
	}
	for i, v := range samples {
		samples[i] = curve[v]
	}
}

func encode(p **image.YCbCr, quality int) error {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, *p, &jpeg.Options{Quality: quality}); err != nil {
		return err
	}
	decoded, err := jpeg.Decode(&b)
	if err != nil {
		return err
	}
	*p = decoded.(*image.YCbCr) // three components encoded, three decoded
	return nil
}
