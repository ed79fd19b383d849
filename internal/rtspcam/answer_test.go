package rtspcam

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nvpipe/nvpipe/internal/rtspcam/rtsptest"
)

func TestStatusCodesOfEveryMethod(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		for _, method := range []string{"OPTIONS", "DESCRIBE", "GET_PARAMETER", "SET_PARAMETER"} {
			r.Break(func(f *Faults) { f.Status = map[string]int{method: 500} })
			if res := answer(t, r, method, ""); res.StatusCode != 500 {
				t.Errorf("%s: %d", method, res.StatusCode)
			}
			r.Heal()
			if res := answer(t, r, method, ""); res.StatusCode != 200 {
				t.Errorf("%s, healed: %d", method, res.StatusCode)
			}
		}
	})
}

func TestWrongCSeq(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.WrongCSeq = "SET_PARAMETER"; f.Status = map[string]int{"SET_PARAMETER": 400} })
		if res := answer(t, r, "SET_PARAMETER", ""); res.StatusCode != 400 || res.Header["CSeq"][0] == "1" {
			t.Errorf("answered with %v", res)
		}
		if res := answer(t, r, "GET_PARAMETER", ""); res.StatusCode != 200 || res.Header["CSeq"][0] != "1" {
			t.Errorf("another method is answered with %v", res)
		}
	})
}

func TestStaleNonce(t *testing.T) {
	for _, digest := range []bool{false, true} {
		inVirtualTime(t, Options{User: "u", Password: "p", DigestOnly: digest}, func(t *testing.T, r *rig) {
			r.Break(func(f *Faults) { f.StaleNonce = true })
			first := answer(t, r, "DESCRIBE", "").Header["WWW-Authenticate"]
			second := answer(t, r, "DESCRIBE", "Authorization: Digest username=\"u\"\r\n").Header["WWW-Authenticate"]
			isStale := func(values []string) bool { return strings.Contains(strings.Join(values, " "), "stale=TRUE") }
			if isStale(first) || !isStale(second) || nonce.FindString(fmt.Sprint(first)) == nonce.FindString(fmt.Sprint(second)) {
				t.Errorf("asked for credentials with\n%v\n%v", first, second)
			}
			if n := r.Counts().AuthFailures; n != 0 {
				t.Errorf("%d wrong passwords counted", n)
			}
		})
	}
}

func TestLockedAccount(t *testing.T) {
	inVirtualTime(t, Options{User: "u", Password: "p"}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.LockAfter, f.LockFor = 3, 30*time.Minute })
		at := func(password string) string { return "rtsp://u:" + password + "@127.0.0.1:554/stream" }
		try := func(password string, want int) {
			t.Helper()
			if got := r.status(at(password)); got != want {
				t.Errorf("password %q: %d, want %d", password, got, want)
			}
		}
		try("x", 401)
		try("x", 401)
		try("p", 200)
		for range 3 {
			try("x", 401)
		}
		try("p", 401)
		time.Sleep(30 * time.Minute)
		try("p", 200)
		if n := r.Counts().AuthFailures; n != 6 {
			t.Errorf("%d refused credentials counted, want 6", n)
		}
	})
}

func TestControlsAndBases(t *testing.T) {
	for name, f := range map[string]Faults{
		"absolute":                {Control: func(n int) string { return fmt.Sprintf("rtsp://127.0.0.1:554/elsewhere/track%d", n) }},
		"relative, another name":  {Control: func(n int) string { return fmt.Sprintf("video/%d", n) }},
		"asterisk":                {Control: func(int) string { return "*" }},
		"wrong base":              {ContentBase: "rtsp://192.0.2.7:554/internal/"},
		"wrong base and asterisk": {ContentBase: "rtsp://192.0.2.7:554/internal/", Control: func(int) string { return "*" }},
	} {
		inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
			r.Break(func(o *Faults) { *o = f })
			res := answer(t, r, "DESCRIBE", "")
			if f.Control != nil && !strings.Contains(string(res.Body), "a=control:"+f.Control(0)+"\r\n") {
				t.Errorf("%s: the SDP is\n%s", name, res.Body)
			}
			if f.ContentBase != "" && res.Header["Content-Base"][0] != f.ContentBase {
				t.Errorf("%s: Content-Base is %v", name, res.Header["Content-Base"])
			}
			if got := r.status(r.URL()); got != 200 {
				t.Errorf("%s: playing is answered with %d", name, got)
			}
		})
	}
}

func TestSignsOfLife(t *testing.T) {
	for kind, keeps := range map[KeepAlive]string{
		ByGetParameter: "GET_PARAMETER", ByAnyRequest: "OPTIONS", ByReports: "RTCP",
	} {
		inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
			r.Break(func(f *Faults) { f.SessionTimeout, f.KeepAlive = 15*time.Second, kind })
			for _, sign := range []string{"RTCP", "OPTIONS", "GET_PARAMETER"} {
				lives := sign == keeps || kind == ByAnyRequest && sign != "RTCP"
				after := livesFor(t, r, sign)
				if want := 15 * time.Second; !lives && after != want {
					t.Errorf("%s does not count, but the session ended after %v", sign, after)
				}
				if want := 25 * time.Second; lives && after != want {
					t.Errorf("%s counts, but the session ended after %v", sign, after)
				}
			}
		})
	}
}

// livesFor is how long a session lives that gives one sign of life after 10 s.
func livesFor(t *testing.T, r *rig, sign string) time.Duration {
	conn := rtsptest.RawPlay(t, r.net, r.URL())
	defer conn.Close()
	begin := time.Now()
	go func() {
		time.Sleep(10 * time.Second)
		if sign == "RTCP" { // an empty receiver report
			_, _ = conn.Write([]byte{'$', 1, 0, 8, 2 << 6, 201, 0, 1, 0, 0, 0, 1})
			return
		}
		fmt.Fprintf(conn, "%s %s RTSP/1.0\r\nCSeq: 3\r\n\r\n", sign, r.URL())
	}()
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Fatal(err)
	}
	return time.Since(begin)
}

func TestBusyStatusAndOverlaps(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		r.Break(func(f *Faults) { f.MaxSessions, f.BusyStatus, f.Linger = 1, 503, time.Minute })
		first := r.play()
		if got := r.status(r.URL()); got != 503 {
			t.Errorf("a second session is answered with %d", got)
		}
		if c := r.Counts(); c.Overlaps != 1 || c.MaxSessions != 1 {
			t.Errorf("counts: %+v", c)
		}
		first.Close()
		synctest.Wait()
		rtsptest.RawPlay(t, r.net, r.URL()).Close()
		synctest.Wait()
		if got := r.status(r.URL()); got != 503 {
			t.Errorf("while an old session lingers: %d", got)
		}
		if c := r.Counts(); c.Overlaps != 1 || c.Sessions != 0 {
			t.Errorf("a session that lingers is not in use: %+v", c)
		}
	})
}

func TestBrokenSDPs(t *testing.T) {
	inVirtualTime(t, Options{}, func(t *testing.T, r *rig) {
		true_ := string(answer(t, r, "DESCRIBE", "").Body)
		for _, b := range BrokenSDPs() {
			r.Break(func(f *Faults) { f.EditSDP = b.Edit })
			got := string(answer(t, r, "DESCRIBE", "").Body)
			if got == true_ && b.Name != "no VPS" {
				t.Errorf("%s: the SDP is not changed", b.Name)
			}
		}
	})
}
