"""Keras archives made by hand: Sequential and functional models of layers without weights."""

import io
import json
import os
import zipfile

from reading import read_by

from purenn.formats.models import keras, keras_hdf5

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as file:
        return file.read()


def read(data):
    return read_by(keras if data[:4] == b"PK\3\4" else keras_hdf5, data)


def archive(config, weights=None, metadata=b'{"keras_version": "3.0.0"}', **more):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("metadata.json", metadata)
        target.writestr("config.json", config if isinstance(config, bytes) else json.dumps(config))
        target.writestr("model.weights.h5", fixture("hdf5_latest.h5") if weights is None else weights)
        for name, content in more.items():
            target.writestr(name, content)
    return file.getvalue()


def chain(*entries, version="3.0.0", shape=(4,), **model):
    """The file of a Sequential model of layers without weights: (kind, settings) each, on samples of a shape."""
    layers = [{"class_name": "InputLayer", "config": {"batch_shape": [None] + list(shape)}}]
    layers += [{"class_name": kind, "config": settings} for kind, settings in entries]
    config = {"class_name": "Sequential", "config": dict({"layers": layers}, **model)}
    return archive(config, metadata=json.dumps({"keras_version": version} if version else {}).encode())


def functional(layers, shape=(2,), keras=3, entry=None, output=None):
    """The file of a functional model of layers without weights: (kind, settings, the layers that it takes).

    Layers are called by their numbers from 1, the input is 0; a layer that takes a list of lists is called so
    many times, and (3, 1) is its second output.
    """
    described = [{"class_name": "InputLayer", "config": {"batch_shape": [None] + list(shape)}, "inbound_nodes": []}]
    for kind, settings, takes in layers:
        calls = takes if takes and isinstance(takes[0], list) else [takes]
        histories = [[history(k) for k in call] for call in calls]
        described.append(dict({"class_name": kind, "config": dict(settings)}, **(entry or {})))
        described[-1]["inbound_nodes"] = [
            [h + [{}] for h in found] if keras == 2 else {"args": [tensors_of(found)], "kwargs": {}}
            for found in histories
        ]
    for k, layer in enumerate(described):
        layer["name"] = layer["config"]["name"] = "layer%d" % k
    ends = {"input_layers": [["layer0", 0, 0]], "output_layers": [history(len(layers) if output is None else output)]}
    config = {"class_name": "Functional", "config": dict(ends, layers=described)}
    about = json.dumps({"keras_version": "%d.0.0" % keras}).encode()
    return archive(config, metadata=about)


def history(k):
    return ["layer%d" % k, 0, 0] if isinstance(k, int) else ["layer%d" % k[0], k[1], 0]


def tensors_of(histories):
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": history}} for history in histories]
    return tensors[0] if len(tensors) == 1 else tensors
