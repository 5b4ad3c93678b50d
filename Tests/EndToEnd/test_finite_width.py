"""The reference recursion against wide random networks, layer by layer."""
import numpy as np
import pytest
from finite_width import estimates
from reference import kernels

CONV = {"convolution": {"filter": [3, 2], "weight_variance": 1.6, "bias_variance": 0.2}}
DENSE = {"dense": {"weight_variance": 1.5, "bias_variance": 0.1}}
STANDARD = {"weight_variance": 1.5, "bias_variance": 0.1, "parameterization": "standard"}


def recurrent(activation, order):
    return {"recurrent": {
        "activation": activation, "weight_variance": 1.4, "input_variance": 0.8, "bias_variance": 0.1,
        "order": order}}


def attention(**options):
    return {"self_attention": {
        "query_variance": 1.5, "key_variance": 0.8, "value_variance": 1.3, "output_variance": 1.2,
        "bias_variance": 0.1, **options}}


NETWORKS = {
    "recurrent rows": [recurrent("tanh", "rows"), "tanh", "flatten", DENSE],
    "recurrent pixels, mean": [CONV, "relu", recurrent("relu", "pixels"), "relu", "global_average_pool", DENSE],
    "tied residuals": [
        "flatten", DENSE, {"repeat": {"count": 3, "tied": True, "layers": [{"residual": {"main": [
            "relu", {"dense": {"weight_variance": 0.5, "bias_variance": 0.1}}]}}]}}, "relu", DENSE],
    "tied convolutions": [
        CONV, {"repeat": {"count": 2, "tied": True, "layers": [
            {"residual": {"main": ["tanh", {"convolution": {"filter": [2, 3], "weight_variance": 0.8}}]}},
            {"residual": {"main": ["relu", {"dense": {"weight_variance": 0.5}}, "relu", DENSE]}}]}},
        "relu", "global_average_pool", DENSE],
    "tied chain": [
        "flatten", DENSE, {"repeat": {"count": 3, "tied": True, "layers": ["relu", DENSE]}}, "relu", DENSE],
    "softmax attention": [CONV, "relu", attention(mechanism="softmax"), "relu", "global_average_pool", DENSE],
    "identity attention": [CONV, "relu", attention(mechanism="identity", output_variance=0.1), "flatten", DENSE],
    "root attention": [
        CONV, "relu", attention(mechanism="identity", scaling="root", output_variance=0.1),
        "global_average_pool", DENSE],
    "product": [
        CONV, {"product": {"branches": [[CONV], [CONV, "sigmoid"], [DENSE, "relu"]]}}, CONV, "relu",
        "flatten", DENSE],
    "transposed convolution": [
        {"transposed_convolution": {"filter": [3, 2], "stride": [2, 3], "weight_variance": 1.8,
                                    "bias_variance": 0.1}}, "relu",
        {"transposed_convolution": {"filter": [4, 1], "stride": [1, 1], "weight_variance": 1.5}}, "relu",
        "global_average_pool", DENSE],
    "dropout": [
        CONV, "relu", {"dropout": {"rate": 0.4}}, CONV, "relu", {"dropout": {"rate": 0.3}},
        "global_average_pool", DENSE, "relu", {"dropout": {"rate": 0.5}}, DENSE],
    "standard parameterization": [
        {"convolution": {"filter": [2, 2], "width": 96, **STANDARD}}, "relu", "flatten",
        {"dense": {"width": 512, **STANDARD}}, "relu", {"dense": {"width": 512, **STANDARD}}],
}


WIDTH, DRAWS = 256, 200


def figures(name):
    """For both kernels: the reference, the error of the mean over draws, and its standard deviation."""
    images = np.random.default_rng(4).standard_normal((2, 3, 2, 2))
    images[1] = 0.6 * images[0] + 0.8 * images[1]
    found = estimates(NETWORKS[name], images, WIDTH, DRAWS, 11)
    for draws, reference in zip(found, kernels(NETWORKS[name], images)):
        diagonal = np.diag(reference)
        scale = np.sqrt(np.outer(diagonal, diagonal))
        yield scale, draws.mean(0) - reference, draws.std(0, ddof=1) / DRAWS**0.5


@pytest.mark.parametrize("name", NETWORKS)
def test_wide_random_networks_have_the_reference_kernels(name):
    for scale, error, deviation in figures(name):
        assert (deviation < 0.025 * scale).all(), deviation / scale
        # The error of sampling, and that of the width: a few times 1 / 256.
        assert (np.abs(error) < 4 * deviation + 0.015 * scale).all(), (error / scale, deviation / scale)
