package scene

import "github.com/nvpipe/nvpipe/frame"

// Render draws frame n into planes of I420, which are at least as large as the
// scene; strides may be larger than rows.
func (s *Scene) Render(n int, planes [3]frame.Plane) {
	lut := s.light.curve(float64(n) / float64(s.options.FPS))
	s.renderGround(n, &lut, planes)
	for _, p := range s.cast(n) {
		s.renderShadow(p, planes[0])
		s.renderActor(p, n, &lut, planes)
	}
}

func (s *Scene) renderGround(n int, lut *[256]byte, planes [3]frame.Plane) {
	w, h := s.options.Width, s.options.Height
	for y := range h {
		from := s.ground.y[y*w:][:w]
		to := planes[0].Data[y*planes[0].Stride:][:len(from)]
		noise := s.noise[noiseStart(n, y):][:len(from)]
		for x, luma := range from {
			to[x] = lut[luma] + byte(noise[x])
		}
	}
	for y := range h / 2 {
		copy(planes[1].Data[y*planes[1].Stride:], s.ground.u[y*w/2:][:w/2])
		copy(planes[2].Data[y*planes[2].Stride:], s.ground.v[y*w/2:][:w/2])
	}
}

// noiseStart is where row y of frame n begins in the noise table, with room
// for the longest row behind it.
func noiseStart(n, y int) int {
	h := uint64(n)*0x9E3779B97F4A7C15 + uint64(y)*0xC2B2AE3D27D4EB4F
	h = (h ^ h>>31) * 0xBF58476D1CE4E5B9
	return int(h>>32) % (noiseSize - 4096)
}

// renderShadow darkens an ellipse of ground below the object and beside it.
func (s *Scene) renderShadow(p placed, luma frame.Plane) {
	if s.options.Shadow == 0 {
		return
	}
	keep := int(256 * (1 - s.options.Shadow))
	rx, ry := p.sprite.w*6/10, max(2, min(p.sprite.h/10, p.sprite.w/5))
	cx, cy := p.x+p.sprite.w*6/10, p.y+p.sprite.h-ry/2
	for y := max(cy-ry, 0); y < min(cy+ry, s.options.Height); y++ {
		row := luma.Data[y*luma.Stride:]
		for x := max(cx-rx, 0); x < min(cx+rx, s.options.Width); x++ {
			if dx, dy := (x-cx)*ry, (y-cy)*rx; dx*dx+dy*dy < rx*rx*ry*ry {
				row[x] = byte(int(row[x]) * keep >> 8)
			}
		}
	}
}

func (s *Scene) renderActor(p placed, n int, lut *[256]byte, planes [3]frame.Plane) {
	w, h := s.options.Width, s.options.Height
	for sy := max(0, -p.y); sy < min(p.sprite.h, h-p.y); sy++ {
		y := p.y + sy
		luma := planes[0].Data[y*planes[0].Stride:]
		u, v := planes[1].Data[y/2*planes[1].Stride:], planes[2].Data[y/2*planes[2].Stride:]
		noise := s.noise[noiseStart(n, y):]
		for sx := max(0, -p.x); sx < min(p.sprite.w, w-p.x); sx++ {
			i, x := sy*p.sprite.w+sx, p.x+sx
			if !p.sprite.solid[i] {
				continue
			}
			luma[x] = lut[p.sprite.y[i]] + byte(noise[x])
			if x%2 == 0 && y%2 == 0 {
				u[x/2], v[x/2] = p.sprite.u[i], p.sprite.v[i]
			}
		}
	}
}
