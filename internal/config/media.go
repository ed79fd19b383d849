package config

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/nvpipe/nvpipe/internal/invalid"
	"github.com/nvpipe/nvpipe/pipeline"
)

// Decode is how a camera's stream becomes pictures.
type Decode struct {
	// Mode is auto, hardware or software: hardware that works, else software;
	// hardware or an error that says what is missing; never hardware. A decoder
	// that gives no pictures or fails while it runs is replaced at the next
	// keyframe, and not tried again by this feed for an hour.
	Mode string `yaml:"mode"`
	// Decoders are GStreamer elements in order of preference, such as vah264dec;
	// those that are missing or fit neither the codec nor the mode are passed
	// over. Empty: the built-in order.
	Decoders []string `yaml:"decoders"`
	// Threads of a software decoder, 1–16. One decodes 37 4K pictures a second;
	// more help only where a camera cuts its pictures into slices.
	Threads int `yaml:"threads"`
	// KeyframesOnly decodes nothing but keyframes, such as one each two seconds:
	// for scenes that change slowly, on small machines. The annotated stream has no
	// other pictures either. A decoder may keep one or two back until the next.
	KeyframesOnly bool `yaml:"keyframes_only"`
	// MaxWidth and MaxHeight bound the pictures a camera may send, in pixels;
	// 16–16384. A camera that sends larger ones is refused before memory is
	// taken for them.
	MaxWidth  int `yaml:"max_width"`
	MaxHeight int `yaml:"max_height"`
	// MaxPixels bounds width × height.
	MaxPixels int `yaml:"max_pixels"`
}

// DefaultDecode suits cameras up to 8K.
func DefaultDecode() Decode {
	return Decode{Mode: pipeline.DecodeAuto, Threads: 1, MaxWidth: 8192, MaxHeight: 8192, MaxPixels: 40_000_000}
}

const (
	largestSide      = 16384
	maxDecodeThreads = 16
)

// Validate reports every mistake, each with its key.
func (d Decode) Validate() error {
	return errors.Join(
		oneOf("mode", d.Mode, pipeline.DecodeAuto, pipeline.DecodeHardware, pipeline.DecodeSoftware),
		elements("decoders", d.Decoders),
		between("threads", d.Threads, 1, maxDecodeThreads),
		between("max_width", d.MaxWidth, 16, largestSide),
		between("max_height", d.MaxHeight, 16, largestSide),
		between("max_pixels", d.MaxPixels, 16*16, largestSide*largestSide),
	)
}

// Encode is how annotated pictures become H.264.
type Encode struct {
	// Encoders are GStreamer's H.264 encoder elements in order of preference;
	// those that are missing are passed over. Empty: hardware where it works,
	// else software.
	Encoders []string `yaml:"encoders"`
	// KeyInterval is the longest time between two keyframes, 100 ms–1 min: a
	// viewer that joins waits so long at most.
	KeyInterval time.Duration `yaml:"key_interval"`
	// BitrateKbps of the stream, 0–200000; 0: chosen by picture size and rate.
	BitrateKbps int `yaml:"bitrate_kbps"`
}

// DefaultEncode lets a viewer join within two seconds.
func DefaultEncode() Encode { return Encode{KeyInterval: 2 * time.Second} }

// Validate reports every mistake, each with its key.
func (e Encode) Validate() error {
	errs := []error{elements("encoders", e.Encoders), between("bitrate_kbps", e.BitrateKbps, 0, 200_000)}
	if e.KeyInterval < 100*time.Millisecond || e.KeyInterval > time.Minute {
		errs = append(errs, invalid.Field("key_interval", "must be 100ms–1m, is %v", e.KeyInterval))
	}
	return errors.Join(errs...)
}

var elementForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

func elements(key string, names []string) error {
	var errs []error
	for i, name := range names {
		if !elementForm.MatchString(name) {
			errs = append(errs, invalid.Field(fmt.Sprintf("%s[%d]", key, i), "must be the name of a GStreamer element, such as avdec_h264, is %q", name))
		}
	}
	return errors.Join(errs...)
}

func between(key string, is, low, high int) error {
	if is < low || is > high {
		return invalid.Field(key, "must be %d–%d, is %d", low, high, is)
	}
	return nil
}
