"""Writes the trained network as ONNX, in the form of YOLOX's own export."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import net

DESCRIPTION = (
    "Finds the balls, boxes, vans and persons of nvpipe's synthetic scenes. "
    f"Input: BGR 0-255, not normalised, letterboxed into the top left corner of {net.WIDTH}x{net.HEIGHT} with 114. "
    "Output: cx, cy, log w, log h by the cells of strides 8, 16, 32; objectness; a score per class."
)
METADATA = {
    "family": "yolox",
    "names": str(dict(enumerate(net.CLASSES))),
    "imgsz": str([net.HEIGHT, net.WIDTH]),
    "stride": str(net.STRIDES[-1]),
    "license": "Apache-2.0",
    "author": "The nvpipe authors",
}


def folded(params, norms, name):
    """A layer as a single convolution: weights as ONNX has them (out, in, y, x), and bias."""
    p = {k: np.asarray(v, np.float64) for k, v in params[name].items()}
    w, bias = p["w"].transpose(3, 2, 0, 1), p["shift"]
    if not net.is_head(name):
        mean, variance = (np.asarray(s, np.float64) for s in norms[name])
        scale = p["scale"] / np.sqrt(variance + 1e-5)
        w, bias = w * scale[:, None, None, None], bias - mean * scale
    if name == "stem":  # which has no padding that would have to be normalised too
        bias = bias - w.sum((1, 2, 3)) * net.MEAN / net.DEVIATION
        w = w / net.DEVIATION
    return w, bias


class Graph:
    def __init__(self, params, norms):
        self.params, self.norms = params, norms
        self.nodes, self.constants = [], []

    def constant(self, name, value, dtype):
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def add(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def convolution(self, name, x, w, bias):
        kernel, stride, _, _ = net.LAYERS[name.split("_")[0]]
        inputs = [x, self.constant(f"{name}.weight", w, np.float32), self.constant(f"{name}.bias", bias, np.float32)]
        return self.add(
            "Conv", inputs, f"{name}.conv", kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[net.padding(kernel)] * 4
        )

    def layer(self, name, x):
        return self.add("Relu", [self.convolution(name, x, *folded(self.params, self.norms, name))], name)

    def doubled(self, name, x):
        return self.add(
            "Resize", [x, "", "twice"], name, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
        )

    def head(self, name, x):
        """[batch, columns, cells]: the box as it is, the scores after a sigmoid."""
        w, bias = folded(self.params, self.norms, name)
        box = self.convolution(f"{name}_box", x, w[:4], bias[:4])
        scores = self.add("Sigmoid", [self.convolution(f"{name}_scores", x, w[4:], bias[4:])], f"{name}_scores")
        joined = self.add("Concat", [box, scores], f"{name}.joined", axis=1)
        return self.add("Reshape", [joined, "flat"], name)


def build(params, norms):
    g = Graph(params, norms)
    g.constant("twice", [1, 1, 2, 2], np.float32)
    g.constant("flat", [0, net.COLUMNS, -1], np.int64)
    x = "images"
    for name in ("stem", "down8", "s8"):
        x = g.layer(name, x)
    x8 = x
    x16 = g.layer("s16", g.layer("down16", x8))
    x32 = g.layer("down32", x16)
    x16 = g.layer("merge16", g.add("Add", [x16, g.doubled("twice16", g.layer("up16", x32))], "sum16"))
    x8 = g.layer("merge8", g.add("Add", [x8, g.doubled("twice8", g.layer("up8", x16))], "sum8"))
    rows = g.add("Concat", [g.head("head8", x8), g.head("head16", x16), g.head("head32", x32)], "columns", axis=2)
    g.add("Transpose", [rows], "output", perm=[0, 2, 1])

    cells = len(net.grid()[0])
    graph = helper.make_graph(
        g.nodes,
        "nvpipe-scenes",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, net.HEIGHT, net.WIDTH])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", cells, net.COLUMNS])],
        g.constants,
    )
    model = helper.make_model(
        graph, producer_name="nvpipe", doc_string=DESCRIPTION, ir_version=8, opset_imports=[helper.make_opsetid("", 13)]
    )
    helper.set_model_props(model, METADATA)
    onnx.checker.check_model(model, full_check=True)
    return model


def write(path, params, norms):
    model = build(params, norms)
    onnx.save(model, path)
    print(f"{path}: {sum(int(np.prod(c.dims)) for c in model.graph.initializer)} parameters")
