"""An RTSP camera of gst-rtsp-server. Prints the port when it listens; reads
commands from standard input, one a line: "size WIDTH HEIGHT". Ends with its
standard input.
"""
import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph265pay name=pay0 pt=96 config-interval=-1",
    "jpeg": "jpegenc ! rtpjpegpay name=pay0",
}

parser = argparse.ArgumentParser()
parser.add_argument("--codec", choices=ENCODERS, default="h264")
parser.add_argument("--size", type=int, nargs=2, default=[320, 240])
parser.add_argument("--protocols", choices=["any", "tcp", "udp"], default="any")
parser.add_argument("--user", default="")
parser.add_argument("--password", default="")
parser.add_argument("--digest", action="store_true")
args = parser.parse_args()

Gst.init(None)
sizes = []  # the capsfilter of each stream that is played


def caps(width, height):
    return Gst.Caps.from_string(f"video/x-raw,format=I420,width={width},height={height},framerate=15/1")


def configured(_, media):
    size = media.get_element().get_by_name("size")
    size.set_property("caps", caps(*args.size))
    sizes.append(size)


factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f"( videotestsrc is-live=true pattern=ball ! capsfilter name=size ! {ENCODERS[args.codec]} )")
factory.set_shared(True)
factory.set_protocols(
    {
        "any": GstRtsp.RTSPLowerTrans.TCP | GstRtsp.RTSPLowerTrans.UDP,
        "tcp": GstRtsp.RTSPLowerTrans.TCP,
        "udp": GstRtsp.RTSPLowerTrans.UDP,
    }[args.protocols]
)
factory.connect("media-configure", configured)

server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
if args.user:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    if args.digest:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(args.user, args.password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/stream", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)

loop = GLib.MainLoop()


def command(channel, _):
    line = channel.readline()
    if not line:
        loop.quit()
        return False
    words = line.split()
    if words[:1] == ["size"]:
        for size in sizes:
            size.set_property("caps", caps(int(words[1]), int(words[2])))
    return True


GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, command)
loop.run()
