package rtspcam

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/bluenviron/gortsplib/v5"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/rtspout/rtpcast"
)

// announced is what the SDP says of parameter sets.
func (f Faults) announced(codec Codec, params [][]byte) [][]byte {
	if f.NoSDPParams || f.NoParams {
		return nil
	}
	if f.SPS != nil && codec == H264 && len(params) > 0 {
		params = slices.Clone(params)
		params[0] = f.SPS
	}
	return params
}

// unit is what the camera makes of an access unit; false: nothing is sent.
func (f Faults) unit(track int, codec Codec, p frame.Packet) (rtpcast.Unit, bool) {
	if f.Frozen || f.NoKeyframes && p.Keyframe {
		return rtpcast.Unit{}, false
	}
	p.Data = f.spoil(codec, p.Data)
	p.PTS += f.TimestampOffset + time.Duration(float64(p.PTS)*f.Drift)
	p.Captured = p.Captured.Add(f.ClockOffset)
	p.Keyframe = p.Keyframe || f.MidGroup || f.NoKeyframes
	u := rtpcast.Unit{Track: track, Packet: p, NoReport: f.NoReports}
	if f.Stalled || f.UDPBlocked {
		u.Skip = overUDP
	}
	if f.Loss > 0 {
		u.Lose = func() bool { return rand.Float64() < f.Loss }
	}
	return u, len(p.Data) > 0
}

func overUDP(session *gortsplib.ServerSession) bool {
	return session.Transport().Protocol == gortsplib.ProtocolUDP
}

// spoil is what the faults leave of a unit's data.
func (f Faults) spoil(codec Codec, data []byte) []byte {
	if codec != H264 && codec != H265 || !f.NoParams && f.Corrupt == 0 && f.Truncate == 0 && f.SEI == 0 && f.SPS == nil {
		return data
	}
	nalus := rtpcast.NALUs(data)
	if f.NoParams {
		nalus = slices.DeleteFunc(nalus, codec.IsParams)
	}
	for i, u := range nalus {
		switch {
		case f.SPS != nil && codec == H264 && codec.Type(u) == codec.Type(f.SPS):
			nalus[i] = f.SPS
		case codec.IsSlice(u):
			nalus[i] = f.slice(u)
		}
	}
	if i := slices.IndexFunc(nalus, codec.IsSlice); i >= 0 && f.SEI > 0 {
		nalus = slices.Insert(nalus, i, messages(codec, f.SEI)...)
	}
	return rtpcast.AnnexB(nalus...)
}

func (f Faults) slice(u []byte) []byte {
	if rand.Float64() < f.Truncate {
		u = u[:(len(u)+1)/2]
	}
	if rand.Float64() < f.Corrupt {
		u = flip(u)
	}
	return u
}

// flip inverts one byte in a hundred, at least one. The first bytes stay:
// with a broken header decoders drop the slice, and the picture would look
// whole again.
func flip(slice []byte) []byte {
	const header = 8
	if len(slice) <= header {
		return slice
	}
	slice = bytes.Clone(slice)
	for range 1 + len(slice)/100 {
		slice[header+rand.IntN(len(slice)-header)] ^= 0xff
	}
	return slice
}

// messages are SEI NAL units of unregistered user data, a kilobyte each.
func messages(codec Codec, total int) [][]byte {
	header := []byte{6}
	if codec == H265 {
		header = []byte{39 << 1, 1}
	}
	const unregistered, payload = 5, 4*255 - 16
	unit := append(header, unregistered, 255, 255, 255, payload-3*255)
	unit = append(unit, bytes.Repeat([]byte{0xa5}, payload)...)
	unit = append(unit, 0x80)
	return slices.Repeat([][]byte{unit}, max(1, total/len(unit)))
}
