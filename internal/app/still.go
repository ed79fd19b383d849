package app

import (
	"context"
	"sync"
	"time"

	"github.com/nvpipe/nvpipe/frame"
	"github.com/nvpipe/nvpipe/internal/overlay"
	"github.com/nvpipe/nvpipe/pipeline/gstgraph"
)

// stillLimit bounds how long a still picture may take to encode.
const stillLimit = 5 * time.Second

// encodeStill makes two keyframes of one I420 picture.
func encodeStill(picture overlay.Image) ([]frame.Packet, error) {
	var mu sync.Mutex
	var packets []frame.Packet
	encoder, err := gstgraph.NewEncoder(gstgraph.EncoderSettings{
		Width: picture.Width, Height: picture.Height, FPS: 1, KeyInterval: time.Second,
	}, func(p frame.Packet) {
		mu.Lock()
		defer mu.Unlock()
		packets = append(packets, p)
	})
	if err != nil {
		return nil, err
	}
	defer encoder.Close()
	for n := range 2 {
		if err := encoder.Encode(picture.Planes, time.Duration(n)*time.Second); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), stillLimit)
	defer cancel()
	if err := encoder.Flush(ctx); err != nil {
		return nil, err
	}
	mu.Lock()
	defer mu.Unlock()
	keyframes := packets[:0]
	for _, p := range packets {
		if p.Keyframe {
			keyframes = append(keyframes, p)
		}
	}
	return keyframes, nil
}
