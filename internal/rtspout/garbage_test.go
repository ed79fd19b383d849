package rtspout

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
)

// Whatever is said to it, the server goes on serving.
func TestGarbage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	synctest.Test(t, func(t *testing.T) {
		r := virtual(t, func(c *Config) { c.MaxViewers = 1000 })
		st := r.stream("door")
		for range 300 {
			var conn net.Conn
			if random.IntN(2) == 0 {
				conn = rtsptest.RawPlay(t, r.net, r.URL("door"))
			} else {
				var err error
				if conn, err = r.net.DialContext(t.Context(), "tcp", ""); err != nil {
					t.Fatal(err)
				}
			}
			go io.Copy(io.Discard, conn)
			// The server may hang up at any point.
			io.WriteString(conn, spoiled(random, conversation(random, r.URL("door"))))
			synctest.Wait()
			st.Write(newFeeder(st).picture(0))
			conn.Close()
		}
		v := r.viewer("door")
		st.Write(newFeeder(st).picture(0))
		v.Next()
	})
}

// conversation is a few requests, in an order that makes no sense.
func conversation(random *rand.Rand, url string) string {
	var b strings.Builder
	for i := range 1 + random.IntN(6) {
		method := []string{"OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN", "ANNOUNCE", "RECORD"}[random.IntN(10)]
		suffix := []string{"", "/", "/trackID=0", "/trackID=7", "/trackID=-1", "?x=1", "?/trackID=0", "//"}[random.IntN(8)]
		transport := []string{
			"RTP/AVP/TCP;unicast;interleaved=0-1", "RTP/AVP/TCP;interleaved=200-201", "RTP/AVP;unicast;client_port=1-2",
			"RTP/AVP;multicast", "RTP/SAVP;unicast;client_port=1-2", "RTP/AVP/TCP;unicast;interleaved=1-0;mode=record", "",
		}[random.IntN(7)]
		fmt.Fprintf(&b, "%s %s%s RTSP/1.0\r\nCSeq: %d\r\nTransport: %s\r\n\r\n", method, url, suffix, i, transport)
		if random.IntN(3) == 0 {
			fmt.Fprintf(&b, "$\x00\x00\x04abcd")
		}
	}
	return b.String()
}

// spoiled flips a few bytes, most of the time.
func spoiled(random *rand.Rand, text string) string {
	data := []byte(text)
	for range random.IntN(4) {
		data[random.IntN(len(data))] = byte(random.IntN(256))
	}
	return string(data)
}
