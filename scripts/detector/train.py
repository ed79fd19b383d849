"""Trains the detector of the demo's scenes and writes it as an ONNX file; scripts/detector/make runs it.

The same pictures, seed and kind of processor give the same weights.
"""

import argparse
import os
import time

# Before jax is loaded: one thread, so that sums are always in the same order.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import numpy as np
import optax

import export
import loss
import net

# What main.go writes.
RECORD = np.dtype([("picture", "u1", (net.HEIGHT, net.WIDTH, 3)), ("truth", "<f4", (16, 6))])
EMA = 0.998


def train(data, steps, size, rate, seed):
    params = net.initial(seed)
    schedule = optax.warmup_cosine_decay_schedule(0, rate, steps // 20, steps, rate / 50)
    optimizer = optax.chain(optax.clip_by_global_norm(10.0), optax.adamw(schedule, weight_decay=0.01))

    @jax.jit
    def step(params, averaged, state, pictures, truth):
        value, grads = jax.value_and_grad(lambda p: loss.batch(net.forward(p, pictures)[0], truth))(params)
        updates, state = optimizer.update(grads, state, params)
        params = optax.apply_updates(params, updates)
        averaged = jax.tree.map(lambda a, p: EMA * a + (1 - EMA) * p, averaged, params)
        return params, averaged, state, value

    rng = np.random.default_rng(seed)
    averaged, state, began, recent = params, optimizer.init(params), time.time(), []
    order = np.array([], int)
    for n in range(1, steps + 1):
        if len(order) < size:
            order = rng.permutation(len(data))
        chosen, order = np.sort(order[:size]), order[size:]
        params, averaged, state, value = step(params, averaged, state, data["picture"][chosen], data["truth"][chosen])
        recent.append(float(value))
        if n % 100 == 0:
            print(f"step {n} of {steps}, loss {np.mean(recent):.3f}, {time.time() - began:.0f} s", flush=True)
            recent = []
    return averaged


def norms(params, data, size, batches=64):
    """The batch norms' statistics, averaged over many batches of the final weights."""
    statistics = jax.jit(lambda p, x: net.forward(p, x)[1])
    seen = [statistics(params, data["picture"][i::batches][:size]) for i in range(batches)]
    return jax.tree.map(lambda *s: sum(s) / batches, *seen)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", help="what scripts/detector has drawn")
    parser.add_argument("model", help="the ONNX file to write")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    data = np.memmap(args.pictures, RECORD, "r")
    params = train(data, args.steps, args.batch, args.rate, args.seed)
    export.write(args.model, params, norms(params, data, args.batch))


if __name__ == "__main__":
    main()
