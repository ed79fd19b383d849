package rtpcast

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph265"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpmjpeg"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpmpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtp"
)

// Codec is the coding of one track.
type Codec uint8

// The codecs that cameras send.
const (
	// H264 units are Annex B access units.
	H264 Codec = iota + 1
	// H265 units are Annex B access units.
	H265
	// JPEG units are baseline JFIF pictures, width and height multiples of 8
	// and at most 2040.
	JPEG
	// AAC units are raw frames without ADTS header.
	AAC
	// Metadata units are ONVIF metadata documents of at most one packet.
	Metadata
)

func (c Codec) String() string {
	switch c {
	case H264:
		return "H264"
	case H265:
		return "H265"
	case JPEG:
		return "JPEG"
	case AAC:
		return "AAC"
	case Metadata:
		return "metadata"
	}
	return "unknown"
}

func (c Codec) isVideo() bool { return c == H264 || c == H265 || c == JPEG }

// Track describes one elementary stream.
type Track struct {
	Codec Codec
	// Params are the parameter sets announced in the SDP, without start codes:
	// SPS, PPS for H264; VPS, SPS, PPS for H265. Nil: not known (yet).
	Params [][]byte
	// AudioConfig is the AudioSpecificConfig of AAC.
	AudioConfig []byte
	// First is the RTP timestamp and sequence number to begin with; nil: random.
	First *First
}

// First says where RTP counters begin.
type First struct {
	Timestamp uint32
	Sequence  uint16
}

const (
	videoPayloadType    = 96
	audioPayloadType    = 97
	metadataPayloadType = 107
	// maxPayload leaves room for the RTP header, and SRTP's tag, in an Ethernet frame.
	maxPayload = 1450
)

// sender packetizes one track.
type sender struct {
	media  *description.Media
	format format.Format
	encode func(data []byte) ([]*rtp.Packet, error)
	isKey  bool // sessions start at a keyframe of this track
	base   uint32
	ssrc   uint32

	packets, octets uint32
}

func newSender(t Track) (*sender, error) {
	first := First{rand.Uint32(), uint16(rand.Uint32())}
	if t.First != nil {
		first = *t.First
	}
	s := &sender{base: first.Timestamp, isKey: t.Codec.isVideo()}
	kind := description.MediaTypeVideo
	var err error
	switch t.Codec {
	case H264:
		s.format = &format.H264{PayloadTyp: videoPayloadType, PacketizationMode: 1}
		e := &rtph264.Encoder{PayloadType: videoPayloadType, PacketizationMode: 1, PayloadMaxSize: maxPayload, InitialSequenceNumber: &first.Sequence}
		err = e.Init()
		s.encode = func(data []byte) ([]*rtp.Packet, error) { return encodeNALUs(e.Encode, data) }
	case H265:
		s.format = &format.H265{PayloadTyp: videoPayloadType}
		e := &rtph265.Encoder{PayloadType: videoPayloadType, PayloadMaxSize: maxPayload, InitialSequenceNumber: &first.Sequence}
		err = e.Init()
		s.encode = func(data []byte) ([]*rtp.Packet, error) { return encodeNALUs(e.Encode, data) }
	case JPEG:
		s.format = &format.MJPEG{}
		e := &rtpmjpeg.Encoder{PayloadMaxSize: maxPayload, InitialSequenceNumber: &first.Sequence}
		err = e.Init()
		s.encode = e.Encode
	case AAC:
		kind = description.MediaTypeAudio
		err = s.initAAC(t.AudioConfig, first.Sequence)
	case Metadata:
		kind = description.MediaTypeApplication
		err = s.initMetadata(first.Sequence)
	default:
		err = fmt.Errorf("track has no codec")
	}
	if err != nil {
		return nil, err
	}
	s.media = &description.Media{Type: kind, Formats: []format.Format{s.format}}
	s.setParams(t.Params)
	return s, nil
}

func (s *sender) initAAC(config []byte, seq uint16) error {
	var c mpeg4audio.AudioSpecificConfig
	if err := c.Unmarshal(config); err != nil {
		return fmt.Errorf("AAC configuration: %w", err)
	}
	s.format = &format.MPEG4Audio{
		PayloadTyp: audioPayloadType, Config: &c, ProfileLevelID: 1,
		SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3,
	}
	e := &rtpmpeg4audio.Encoder{
		PayloadType: audioPayloadType, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3,
		PayloadMaxSize: maxPayload, InitialSequenceNumber: &seq,
	}
	s.encode = func(data []byte) ([]*rtp.Packet, error) { return e.Encode([][]byte{data}) }
	return e.Init()
}

func (s *sender) initMetadata(seq uint16) error {
	f := &format.Generic{PayloadTyp: metadataPayloadType, RTPMa: "vnd.onvif.metadata/90000"}
	s.format = f
	s.encode = func(data []byte) ([]*rtp.Packet, error) {
		if len(data) > maxPayload {
			return nil, fmt.Errorf("metadata of %d bytes does not fit a packet", len(data))
		}
		header := rtp.Header{Version: 2, Marker: true, PayloadType: metadataPayloadType, SequenceNumber: seq}
		seq++
		return []*rtp.Packet{{Header: header, Payload: data}}, nil
	}
	return f.Init()
}

func encodeNALUs(encode func([][]byte) ([]*rtp.Packet, error), data []byte) ([]*rtp.Packet, error) {
	nalus := NALUs(data)
	if len(nalus) == 0 {
		return nil, fmt.Errorf("access unit of %d bytes has no Annex B start code", len(data))
	}
	return encode(nalus)
}

// setParams announces the parameter sets to later DESCRIBEs.
func (s *sender) setParams(params [][]byte) {
	switch f := s.format.(type) {
	case *format.H264:
		if len(params) == 2 {
			f.SafeSetParams(params[0], params[1])
		} else {
			f.SafeSetParams(nil, nil)
		}
	case *format.H265:
		if len(params) == 3 {
			f.SafeSetParams(params[0], params[1], params[2])
		} else {
			f.SafeSetParams(nil, nil, nil)
		}
	}
}

// packetize makes the RTP packets of one unit presented at pts.
func (s *sender) packetize(pts time.Duration, data []byte) ([]*rtp.Packet, error) {
	packets, err := s.encode(data)
	if err != nil {
		return nil, err
	}
	ts := s.timestamp(pts)
	for _, p := range packets {
		p.Timestamp = ts
		s.packets++
		s.octets += uint32(len(p.Payload))
	}
	return packets, nil
}

func (s *sender) timestamp(pts time.Duration) uint32 {
	return s.base + uint32(ticks(pts, s.format.ClockRate()))
}

// ticks is d in units of 1/rate s, rounded to the nearest; it does not
// overflow for any d.
func ticks(d time.Duration, rate int) int64 {
	whole, rest := int64(d/time.Second), int64(d%time.Second)
	if rest < 0 {
		whole, rest = whole-1, rest+int64(time.Second)
	}
	return whole*int64(rate) + (rest*int64(rate)+int64(time.Second)/2)/int64(time.Second)
}
