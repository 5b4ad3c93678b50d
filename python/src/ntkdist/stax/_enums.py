"""Enumerations for some arguments; their names can also be given as strings."""

from __future__ import annotations

import enum


class Padding(enum.Enum):
    """What lies outside images: nothing (VALID), zeros (SAME), or the other side (CIRCULAR)."""

    CIRCULAR = "CIRCULAR"
    SAME = "SAME"
    VALID = "VALID"


class AttentionMechanism(enum.Enum):
    """The function that is applied to products of queries and keys."""

    SOFTMAX = "SOFTMAX"
    IDENTITY = "IDENTITY"
    ABS = "ABS"
    RELU = "RELU"


class PositionalEmbedding(enum.Enum):
    """Whether positions have random embeddings, which are added or concatenated."""

    NONE = "NONE"
    SUM = "SUM"
    CONCAT = "CONCAT"


class AggregateImplementation(enum.Enum):
    """Whether graphs are given as matrices or as edges."""

    DENSE = "DENSE"
    SPARSE = "SPARSE"
