package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"github.com/nvpipe/nvpipe/internal/config"
	"github.com/nvpipe/nvpipe/internal/eventlog"
	"github.com/nvpipe/nvpipe/internal/listen"
	"github.com/nvpipe/nvpipe/internal/rotate"
	"github.com/nvpipe/nvpipe/processors/onnx"
)

func configured(path string, types config.Registry) *ConfigFacts {
	o := config.Options{Processors: types}
	f := &ConfigFacts{Check: config.Check(path, o)}
	c, err := config.Load(path, o)
	if err != nil {
		return f // the check says why
	}
	f.Feeds = len(c.Feeds)
	for _, p := range c.Processors {
		if s, ok := p.Settings.(*onnx.Config); ok {
			f.NeedsONNX = true
			f.library = cmp.Or(f.library, s.Library)
			f.Providers = append(f.Providers, s.Providers...)
		}
	}
	f.Ports = ports(c)
	seen := map[string]bool{}
	for _, feed := range c.Feeds {
		for _, k := range feed.Continuations {
			d, ok := folderOf(string(feed.ID), k)
			if ok && !seen[d.Path] {
				seen[d.Path] = true
				f.Folders = append(f.Folders, d)
			}
		}
	}
	return f
}

func ports(c *config.Config) (all []Port) {
	try := func(what, key, network, address string) {
		p := Port{For: what, Address: address}
		if err := free(network, address); err != nil {
			p.Err = listen.Failed(what, key, address, err)
		}
		all = append(all, p)
	}
	if c.Metrics.Listen != "" {
		try("metrics", "metrics.listen", "tcp", c.Metrics.Listen)
	}
	try("RTSP streams", "rtsp.listen", "tcp", c.RTSP.Listen)
	if host, _, err := net.SplitHostPort(c.RTSP.Listen); err == nil && c.RTSP.UDP && c.RTSP.UDPPort != 0 {
		for _, port := range []int{c.RTSP.UDPPort, c.RTSP.UDPPort + 1} {
			try(fmt.Sprintf("RTSP over UDP, %d", port), "rtsp.udp_port", "udp", net.JoinHostPort(host, strconv.Itoa(port)))
		}
	}
	return all
}

// free tries to listen, and gives the place up again.
func free(network, address string) error {
	if network == "udp" {
		c, err := net.ListenPacket(network, address)
		if err == nil {
			err = c.Close()
		}
		return cause(err)
	}
	l, err := net.Listen(network, address)
	if err == nil {
		err = l.Close()
	}
	return cause(err)
}

// cause is without the address, which stands beside it.
func cause(err error) error {
	if e := (*net.OpError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// folderOf is where a continuation writes; false: nowhere.
func folderOf(feed string, c config.Continuation) (Folder, bool) {
	var f Folder
	var r rotate.Config
	switch {
	case c.Type == config.Film:
		f, r = Folder{For: "films of " + feed, Path: c.Film.Dir}, c.Film.Rotation
	case c.Type == config.Events && c.Events.Path != eventlog.Stdout:
		f, r = Folder{For: "events of " + feed, Path: filepath.Dir(c.Events.Path)}, c.Events.Rotation
	default:
		return f, false
	}
	space, err := (rotate.OS{}).Space(f.Path)
	if err != nil { // it is made at the start, in a folder that must be there
		space, err = (rotate.OS{}).Space(filepath.Dir(f.Path))
	}
	f.Free, f.Floor, f.Wants, f.Err = space.Free, r.Floor(space.Total), uint64(r.MaxTotal), err
	return f, true
}
