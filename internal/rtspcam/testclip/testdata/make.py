"""Draws the picture of the test clips: a bright square crossing a textured
gradient. Writes raw I420, 320x240, 30 pictures or as many as the argument
says, to standard output.
"""
import random
import sys

W, H = 320, 240
N = int(sys.argv[1]) if len(sys.argv) > 1 else 30
random.seed(1)
ground = bytearray(40 + (c + r) * 100 // (W + H) + random.randrange(24) for r in range(H) for c in range(W))
for n in range(N):
    y = bytearray(ground)
    x0 = 10 + n * 240 // N
    for r in range(90, 150):
        y[r * W + x0 : r * W + x0 + 60] = b"\xd0" * 60
    sys.stdout.buffer.write(y + b"\x70" * (W * H // 4) + b"\x90" * (W * H // 4))
