// Package badnet puts a network with faults between a client and a camera, for
// tests: stalls, delays, narrow links, resets, scattered and cut-off data. It is
// Toxiproxy, whose word for a fault is toxic.
//
// Beside the faults of an rtspcam.Camera it has those of a network that neither
// end has to do with, and it works with any camera. It carries TCP only.
package badnet

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Direction of what a toxic does something to.
type Direction string

// The two directions.
const (
	ToClient Direction = "downstream"
	ToCamera Direction = "upstream"
)

// Net carries connections to one address.
type Net struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
}

// Start listens on loopback and carries what connects to upstream, until the
// test ends.
func Start(t *testing.T, upstream string) *Net {
	t.Helper()
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxics log past the server's logger
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	n := &Net{t, toxiproxy.NewProxy(server, "net", "127.0.0.1:0", upstream)}
	if err := n.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Cut)
	return n
}

// Address is host:port of this side of the network.
func (n *Net) Address() string { return n.proxy.Listen }

// Cut closes all connections and refuses new ones, for good.
func (n *Net) Cut() { n.proxy.Stop() }

// Toxic is one fault.
type Toxic struct {
	// Type with its Attributes:
	//
	//	latency     latency, jitter: in milliseconds
	//	bandwidth   rate: in KB/s; 0 stops everything
	//	slow_close  delay: in milliseconds
	//	timeout     timeout: data is dropped and the connection closed after so
	//	            many milliseconds; 0: it stays open until the toxic is removed,
	//	            which closes it
	//	reset_peer  timeout: RST after so many milliseconds
	//	slicer      average_size, size_variation: in bytes; delay: in µs
	//	limit_data  bytes: the connection closes after so many
	Type       string
	Direction  Direction
	Attributes map[string]int64
}

// Add lets a fault begin, on connections that are there too, and returns how
// to end it.
func (n *Net) Add(toxic Toxic) (remove func()) {
	n.t.Helper()
	text, err := json.Marshal(map[string]any{
		"type": toxic.Type, "stream": toxic.Direction, "attributes": toxic.Attributes,
	})
	if err != nil {
		n.t.Fatal(err)
	}
	added, err := n.proxy.Toxics.AddToxicJson(bytes.NewReader(text))
	if err != nil {
		n.t.Fatalf("toxic %s: %v", text, err)
	}
	return func() {
		n.t.Helper()
		if err := n.proxy.Toxics.RemoveToxic(context.Background(), added.Name); err != nil {
			n.t.Error(err)
		}
	}
}
