package rtspcam

// OversizedSPS is an H.264 SPS that promises pictures of a size, rounded up to
// whole macroblocks of 16×16 (ITU-T H.264 7.3.2.1.1).
func OversizedSPS(width, height int) []byte {
	const baseline, constrained, level62 = 66, 0xc0, 62
	b := bits{data: []byte{0x67, baseline, constrained, level62}}
	b.ue(0)                          // seq_parameter_set_id
	b.ue(0)                          // log2_max_frame_num_minus4
	b.ue(2)                          // pic_order_cnt_type: pictures come in order
	b.ue(1)                          // max_num_ref_frames
	b.put(0, 1)                      // gaps_in_frame_num_value_allowed_flag
	b.ue(uint32((width+15)/16 - 1))  // pic_width_in_mbs_minus1
	b.ue(uint32((height+15)/16 - 1)) // pic_height_in_map_units_minus1
	b.put(1, 1)                      // frame_mbs_only_flag
	b.put(1, 1)                      // direct_8x8_inference_flag
	b.put(0, 2)                      // no cropping, no VUI
	b.put(1, 1)                      // rbsp_stop_one_bit
	return b.data
}

// bits writes a bit string; it puts in no emulation prevention, which the few
// fields above do not need.
type bits struct {
	data []byte
	free int // bits of the last byte
}

func (b *bits) put(value uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		if b.free == 0 {
			b.data, b.free = append(b.data, 0), 8
		}
		b.free--
		b.data[len(b.data)-1] |= byte(value>>i&1) << b.free
	}
}

// ue is Exp-Golomb (9.1).
func (b *bits) ue(value uint32) {
	n := 1
	for (value+1)>>n > 0 {
		n++
	}
	b.put(0, n-1)
	b.put(value+1, n)
}
