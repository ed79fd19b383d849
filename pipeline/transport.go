package pipeline

import "time"

// rememberTCP is how long a camera whose UDP brought nothing is asked for TCP at
// once: finding out anew costs seconds at each connection, and a firewall may
// be set otherwise one day.
const rememberTCP = time.Hour

// transport is what to ask the camera for now.
func (f *Feed) transport(configured string) string {
	if configured == TransportAuto && time.Now().Before(f.tcpUntil) {
		return TransportTCP
	}
	return configured
}

// agreed takes up what the camera has agreed to.
func (f *Feed) agreed(transport string) {
	f.describe(func(st *Status) { st.Transport = transport })
	if f.transport(f.settings.Source.RTSP.Transport) == TransportAuto && transport == TransportTCP {
		f.tcpUntil = time.Now().Add(rememberTCP)
		f.emit(Event{Type: Notice, Text: "the camera's pictures do not come over UDP; TCP is used for an hour, then UDP is tried again"})
	}
}
