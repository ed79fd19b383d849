package rtsptest

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
)

// RawPlay sets up the first media of a URL over TCP, says PLAY, and from then
// on neither reads nor writes. The caller closes the connection.
func RawPlay(t *testing.T, network *Net, url string) net.Conn {
	t.Helper()
	conn, err := network.DialContext(t.Context(), "tcp", "")
	if err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	request := func(method, url, headers string) base.Header {
		fmt.Fprintf(conn, "%s %s RTSP/1.0\r\nCSeq: 1\r\n%s\r\n", method, url, headers)
		var res base.Response
		if err := res.Unmarshal(reader); err != nil || res.StatusCode != base.StatusOK {
			t.Fatalf("%s: %v %v", method, res.StatusCode, err)
		}
		return res.Header
	}
	setup := request("SETUP", url+"/trackID=0", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")
	session, _, _ := strings.Cut(setup["Session"][0], ";")
	request("PLAY", url, "Session: "+session+"\r\n")
	return conn
}
