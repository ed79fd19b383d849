package film

import (
	"bytes"
	"errors"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/nvpipe/nvpipe/frame"
)

// params is what a decoder must know before the first picture. It is kept in
// the file's header, so a file has one.
type params struct{ sps, pps []byte }

// with replaces what o has.
func (p params) with(o params) params {
	if len(o.sps) > 0 {
		p.sps = o.sps
	}
	if len(o.pps) > 0 {
		p.pps = o.pps
	}
	return p
}

func (p params) complete() bool { return len(p.sps) > 0 && len(p.pps) > 0 }

func (p params) equal(o params) bool { return bytes.Equal(p.sps, o.sps) && bytes.Equal(p.pps, o.pps) }

// unit is one access unit taken apart. What a keyframe says about decoding is
// kept apart from its picture; elsewhere it stays where it was.
type unit struct {
	params
	slices [][]byte
}

var errNoPicture = errors.New("access unit without a picture")

// parse takes a packet apart. The parts share the packet's memory.
func parse(p frame.Packet) (unit, error) {
	var nals h264.AnnexB
	if err := nals.Unmarshal(p.Data); err != nil {
		return unit{}, err
	}
	var u unit
	picture := false
	for _, nal := range nals {
		if len(nal) == 0 {
			continue
		}
		switch kind := h264.NALUType(nal[0] & 0x1f); {
		case kind == h264.NALUTypeSPS && p.Keyframe:
			u.sps = nal
		case kind == h264.NALUTypePPS && p.Keyframe:
			u.pps = nal
		case kind == h264.NALUTypeAccessUnitDelimiter: // has no place in MP4
		default:
			picture = picture || kind == h264.NALUTypeIDR || kind == h264.NALUTypeNonIDR
			u.slices = append(u.slices, nal)
		}
	}
	if !picture {
		return unit{}, errNoPicture
	}
	return u, nil
}
