"""The network: a small convolutional pyramid with heads of the YOLOX kind.

Pictures are [n, height, width, 3] of B, G, R levels; outputs are rows in the order of strides 8, 16, 32, each stride row
by row: x, y, log w, log h in units of the stride relative to the cell, then the logits of objectness and of the classes.
"""

import jax
import jax.numpy as jnp
import numpy as np

CLASSES = ["ball", "box", "van", "person"]  # as internal/scene numbers them
WIDTH, HEIGHT = 256, 160
STRIDES = (8, 16, 32)
COLUMNS = 5 + len(CLASSES)

# The padding of a letterbox is 0 to the network, like what its convolutions see beyond the edge.
MEAN, DEVIATION = 114.0, 58.0

# name: kernel, stride, channels in, channels out. All but the heads have a batch norm and a ReLU.
LAYERS = {
    "stem": (4, 4, 3, 24),
    "down8": (3, 2, 24, 32),
    "s8": (3, 1, 32, 32),
    "down16": (3, 2, 32, 48),
    "s16": (3, 1, 48, 48),
    "down32": (3, 2, 48, 48),
    "up16": (1, 1, 48, 48),
    "merge16": (3, 1, 48, 48),
    "up8": (1, 1, 48, 32),
    "merge8": (3, 1, 32, 32),
    "head8": (1, 1, 32, COLUMNS),
    "head16": (1, 1, 48, COLUMNS),
    "head32": (1, 1, 48, COLUMNS),
}


def is_head(name):
    return name.startswith("head")


def padding(kernel):
    return 1 if kernel == 3 else 0


def initial(seed):
    """Random weights; scale and shift are the batch norm's, or the bias of a head."""
    rng = np.random.default_rng(seed)
    params = {}
    for name, (k, _, cin, cout) in LAYERS.items():
        w = rng.normal(0, np.sqrt(2 / (k * k * cin)), (k, k, cin, cout))
        p = {"w": w, "scale": np.ones(cout), "shift": np.zeros(cout)}
        if is_head(name):
            p["w"] = 0.1 * w
            p["shift"][4:] = -4.0  # objects are rare
        params[name] = {key: jnp.asarray(v, jnp.float32) for key, v in p.items()}
    return params


def convolution(name, x, w):
    k, stride, cin, cout = LAYERS[name]
    if k == stride:  # patches side by side: one product of matrices, several times faster than a convolution
        n, height, width, _ = x.shape
        x = x.reshape(n, height // k, k, width // k, k, cin).transpose(0, 1, 3, 2, 4, 5)
        return x.reshape(n, height // k, width // k, k * k * cin) @ w.reshape(-1, cout)
    pad = (padding(k), padding(k))
    return jax.lax.conv_general_dilated(x, w, (stride, stride), (pad, pad), dimension_numbers=("NHWC", "HWIO", "NHWC"))


def layer(params, name, x, norms, seen):
    """One layer. norms has each batch norm's mean and variance; None: those of this batch, which seen then gets."""
    p = params[name]
    x = convolution(name, x, p["w"])
    if is_head(name):
        return x + p["shift"]
    if norms is None:
        mean, variance = jnp.mean(x, (0, 1, 2)), jnp.var(x, (0, 1, 2))
        seen[name] = (mean, variance)
    else:
        mean, variance = norms[name]
    return jax.nn.relu((x - mean) * (p["scale"] * jax.lax.rsqrt(variance + 1e-5)) + p["shift"])


def forward(params, pictures, norms=None):
    """Rows [n, rows, COLUMNS] of logits, and the batch norms' statistics of this batch."""
    seen = {}

    def run(name, x):
        return layer(params, name, x, norms, seen)

    x = (pictures.astype(jnp.float32) - MEAN) / DEVIATION
    x8 = run("s8", run("down8", run("stem", x)))
    x16 = run("s16", run("down16", x8))
    x32 = run("down32", x16)
    x16 = run("merge16", x16 + doubled(run("up16", x32)))
    x8 = run("merge8", x8 + doubled(run("up8", x16)))
    heads = [run("head8", x8), run("head16", x16), run("head32", x32)]
    return jnp.concatenate([h.reshape(h.shape[0], -1, COLUMNS) for h in heads], 1), seen


def doubled(x):
    return jnp.repeat(jnp.repeat(x, 2, 1), 2, 2)


def grid():
    """The cells' left and top edges and strides, in pixels: [rows] each."""
    xs, ys, strides = [], [], []
    for s in STRIDES:
        y, x = np.mgrid[0 : HEIGHT // s, 0 : WIDTH // s]
        xs.append(x.ravel() * s)
        ys.append(y.ravel() * s)
        strides.append(np.full(x.size, s))
    return tuple(np.concatenate(a).astype(np.float32) for a in (xs, ys, strides))


def boxes(rows):
    """Left, top, right, bottom in pixels: [..., rows, 4]."""
    x, y, s = grid()
    cx, cy = rows[..., 0] * s + x, rows[..., 1] * s + y
    w, h = (jnp.exp(jnp.clip(rows[..., i], -6, 4)) * s for i in (2, 3))
    return jnp.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], -1)
