package rtpcast

import "bytes"

var startCode = []byte{0, 0, 1}

// NALUs splits an Annex B access unit at its start codes. The slices refer to
// data. Bytes before the first start code are not part of the unit.
func NALUs(data []byte) [][]byte {
	var nalus [][]byte
	i := bytes.Index(data, startCode)
	for i >= 0 {
		data = data[i+len(startCode):]
		i = bytes.Index(data, startCode)
		nalu := data
		if i >= 0 {
			nalu = data[:i]
		}
		// A NAL unit never ends in zeros; these belong to the next, longer start code.
		if nalu = bytes.TrimRight(nalu, "\x00"); len(nalu) > 0 {
			nalus = append(nalus, nalu)
		}
	}
	return nalus
}

// AnnexB joins NAL units into an access unit with four-byte start codes.
func AnnexB(nalus ...[]byte) []byte {
	n := 0
	for _, u := range nalus {
		n += 4 + len(u)
	}
	data := make([]byte, 0, n)
	for _, u := range nalus {
		data = append(data, 0, 0, 0, 1)
		data = append(data, u...)
	}
	return data
}

// Type is the NAL unit type of u under codec c; -1 for another codec.
func (c Codec) Type(u []byte) int {
	switch {
	case len(u) == 0:
	case c == H264:
		return int(u[0] & 0x1f)
	case c == H265:
		return int(u[0] >> 1 & 0x3f)
	}
	return -1
}

// NAL unit types of H.264 (ITU-T H.264 table 7-1) and H.265 (H.265 table 7-1).
const (
	h264IDR, h264SPS, h264PPS                              = 5, 7, 8
	h265IRAPFirst, h265IRAPLast, h265VPS, h265SPS, h265PPS = 16, 21, 32, 33, 34
)

// IsKeyframe reports whether a decoder can start at this NAL unit.
func (c Codec) IsKeyframe(u []byte) bool {
	t := c.Type(u)
	return c == H264 && t == h264IDR || c == H265 && t >= h265IRAPFirst && t <= h265IRAPLast
}

// IsSlice reports whether the NAL unit holds picture data.
func (c Codec) IsSlice(u []byte) bool {
	t := c.Type(u)
	return c == H264 && t >= 1 && t <= h264IDR || c == H265 && t >= 0 && t <= h265IRAPLast
}

// IsParams reports whether the NAL unit is a parameter set.
func (c Codec) IsParams(u []byte) bool { return c.paramIndex(u) >= 0 }

func (c Codec) paramIndex(u []byte) int {
	switch t := c.Type(u); {
	case c == H264 && (t == h264SPS || t == h264PPS):
		return t - h264SPS
	case c == H265 && t >= h265VPS && t <= h265PPS:
		return t - h265VPS
	}
	return -1
}

// Params finds the parameter sets in a unit: SPS, PPS of H264; VPS, SPS, PPS
// of H265; nil unless all are there. They are copies.
func (c Codec) Params(data []byte) [][]byte {
	sets := make([][]byte, map[Codec]int{H264: 2, H265: 3}[c])
	missing := len(sets)
	for _, u := range NALUs(data) {
		if i := c.paramIndex(u); i >= 0 {
			if sets[i] == nil {
				missing--
			}
			sets[i] = bytes.Clone(u)
		}
	}
	if missing > 0 || len(sets) == 0 {
		return nil
	}
	return sets
}
