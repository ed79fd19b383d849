"""The loss, with the assignment of cells to objects as YOLOX does it (SimOTA): each object takes the few cells that
already predict it best, as many as their overlap with it adds up to."""

import jax
import jax.numpy as jnp
import optax

import net

# Objects of which less can be seen are neither demanded nor forbidden. Far below what a verdict demands (a half): a hidden
# object is excused only by its own class, and the network should not guess.
MIN_VISIBLE = 0.25
MIN_SIDE = 2.0  # pixels
CANDIDATES = 10
FAR = 1e5


def overlap(a, b):
    """IoU of boxes [..., 4]."""
    left_top, right_bottom = jnp.maximum(a[..., :2], b[..., :2]), jnp.minimum(a[..., 2:], b[..., 2:])
    inner = jnp.prod(jnp.maximum(right_bottom - left_top, 0), -1)
    area = lambda x: jnp.prod(jnp.maximum(x[..., 2:] - x[..., :2], 0), -1)
    return inner / jnp.maximum(area(a) + area(b) - inner, 1e-6)


def assign(rows, predicted, wanted, truth):
    """For one picture, the object of each cell: weights [objects, cells] that are 0 or 1, at most one 1 per cell."""
    x, y, stride = net.grid()
    box = truth[:, None, 1:5]
    distance = jnp.maximum(
        jnp.abs((box[..., 0] + box[..., 2]) / 2 - (x + stride / 2)), jnp.abs((box[..., 1] + box[..., 3]) / 2 - (y + stride / 2))
    )
    near = (distance < 1.5 * stride) & wanted[:, None]
    iou = jnp.where(near, overlap(predicted[None], box), 0)
    classes = jax.nn.one_hot(truth[:, 0].astype(int), len(net.CLASSES))
    confidence = jnp.sqrt(jax.nn.sigmoid(rows[None, :, 4:5]) * jax.nn.sigmoid(rows[None, :, 5:]))
    confidence = jnp.clip(confidence, 1e-6, 1 - 1e-6)
    wrong = -(classes[:, None] * jnp.log(confidence) + (1 - classes[:, None]) * jnp.log(1 - confidence)).sum(-1)
    cost = wrong - 3 * jnp.log(iou + 1e-6) + jnp.where(near, 0, FAR)
    count = jnp.maximum(jax.lax.top_k(iou, CANDIDATES)[0].sum(1).astype(int), 1)
    cheapest = -jax.lax.top_k(-cost, CANDIDATES)[0]
    limit = jnp.take_along_axis(cheapest, jnp.minimum(count, CANDIDATES)[:, None] - 1, 1)
    taken = (cost <= limit) & near
    best = jnp.argmin(jnp.where(taken, cost, 2 * FAR), 0)
    return (taken & (jnp.arange(len(truth))[:, None] == best)).astype(jnp.float32)


def picture(rows, truth):
    """The sums of one picture's losses and its number of assigned cells."""
    predicted = net.boxes(rows)
    there = truth[:, 0] >= 0
    side = jnp.minimum(truth[:, 3] - truth[:, 1], truth[:, 4] - truth[:, 2])
    wanted = there & (truth[:, 5] >= MIN_VISIBLE) & (side >= MIN_SIDE)
    chosen = jax.lax.stop_gradient(assign(rows, predicted, wanted, truth))
    positive = chosen.sum(0)
    iou = overlap(predicted, chosen.T @ truth[:, 1:5])
    classes = chosen.T @ jax.nn.one_hot(truth[:, 0].astype(int), len(net.CLASSES))

    x, y, stride = net.grid()
    cx, cy = x + stride / 2, y + stride / 2
    b = truth[:, 1:5, None]
    inside = (cx > b[:, 0]) & (cx < b[:, 2]) & (cy > b[:, 1]) & (cy < b[:, 3])
    excused = (inside & (there & ~wanted)[:, None]).any(0) & (positive == 0)

    location = (positive * (1 - iou**2)).sum()
    objectness = (jnp.where(excused, 0, optax.sigmoid_binary_cross_entropy(rows[:, 4], positive))).sum()
    quality = jax.lax.stop_gradient(iou)[:, None]
    naming = (positive[:, None] * optax.sigmoid_binary_cross_entropy(rows[:, 5:], classes * (0.5 + 0.5 * quality))).sum()
    return 5 * location + objectness + naming, positive.sum()


def batch(rows, truth):
    losses, cells = jax.vmap(picture)(rows, truth)
    return losses.sum() / jnp.maximum(cells.sum(), 1)
