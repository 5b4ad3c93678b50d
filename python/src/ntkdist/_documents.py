"""Job files as text: YAML as the program writes and reads it (Sources/JobDocuments)."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .failures import JobError, ResourceError

WIDTH = 100
"""Longer lines are broken into blocks where they can be."""

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./+=-]*\Z")
# YAML 1.1 readers have more words for true and false than the program does.
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"}
# The core schema of YAML 1.2, by which `1e-3` is a number and `yes` is a word.
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_INFINITE = re.compile(r"[-+]?\.inf\Z")
# Other characters are not printable in YAML, or break lines.
_ESCAPED = re.compile(
    r'["\\]|[^\x20-\x7E\xA0-\u2027\u202A-\uD7FF\uE000-\uFEFE\uFF00-\uFFFD\U00010000-\U0010FFFF]'
)


class WrittenInt(int):
    """A whole number that knows how it was written, because it may be the name of a file."""

    text: str

    def __new__(cls, text: str) -> WrittenInt:
        """The number that a text of digits stands for."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self) -> tuple[Any, ...]:
        return WrittenInt, (self.text,)


class WrittenFloat(float):
    """A number with a fraction or an exponent that knows how it was written."""

    text: str

    def __new__(cls, text: str) -> WrittenFloat:
        """The number that a text stands for, in JSON or YAML."""
        number = super().__new__(cls, text.replace(".inf", "inf"))
        number.text = text
        return number

    def __reduce__(self) -> tuple[Any, ...]:
        return WrittenFloat, (self.text,)


def word(value: Any) -> Any:
    """The text of a number that stands for a name; other values unchanged."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return getattr(value, "text", None) or flow(value)


def plain(value: Any, place: str = "job") -> Any:
    """A value of Python's own types from one that may contain NumPy's, tuples, paths or networks.

    A network is anything with a method `yaml()`. Errors: `JobError` for values that YAML cannot
    express.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, WrittenInt):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, np.generic):
        return plain(value.item(), place)
    if isinstance(value, float):
        if math.isnan(value):
            raise JobError(f"{place} is NaN; give a number")
        return int(value) if value.is_integer() and abs(value) < 2**53 else float(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, np.ndarray):
        return plain(value.tolist(), place)
    if callable(getattr(value, "yaml", None)):
        return plain(read(str(value.yaml()), place), place)
    if isinstance(value, Mapping):
        return {str(key): plain(part, f"{place}.{key}") for key, part in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [plain(part, f"{place}[{index}]") for index, part in enumerate(value)]
    raise JobError(f"{place} is of the type {type(value).__name__}, which a job file cannot hold")


def write(document: Mapping[str, Any]) -> str:
    """The YAML text of a mapping of plain values."""
    return "\n".join(_block(document, 0)) + "\n"


def read(text: str, name: str = "the job") -> Any:
    """The value of a YAML text. JSON is read without PyYAML.

    Errors: `JobError` if it is not YAML, `ResourceError` without PyYAML.
    """
    try:
        return json.loads(text, parse_int=WrittenInt, parse_float=WrittenFloat)
    except ValueError:
        pass
    try:
        import yaml
    except ImportError as error:
        raise ResourceError(
            "job files are read with PyYAML; install it (pip install pyyaml)"
        ) from error
    try:
        return yaml.load(text, _loader(yaml))
    except (yaml.YAMLError, RecursionError) as error:
        raise JobError(f"{name} is not YAML: {' '.join(str(error).split())}") from error


def _loader(yaml: Any) -> Any:
    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """Scalars as in YAML 1.2."""

    Loader.yaml_implicit_resolvers = {}
    for tag, pattern, first in (
        ("bool", re.compile(r"(true|false)\Z"), "tf"),
        ("null", re.compile(r"(~|null|)\Z"), ["~", "n", ""]),
        ("int", _INTEGER, "-+0123456789"),
        ("float", _FLOAT, "-+.0123456789"),
        ("float", _INFINITE, "-+."),
    ):
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", pattern, list(first))
    for tag, kind in (("int", WrittenInt), ("float", WrittenFloat)):
        Loader.add_constructor(
            f"tag:yaml.org,2002:{tag}",
            lambda loader, node, kind=kind: kind(loader.construct_scalar(node)),
        )
    return Loader


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_word(key)}: {flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    return _word(value) if isinstance(value, str) else str(value)


def _number(value: float) -> str:
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = repr(float(value))
    # Without a point, YAML 1.1 readers read a number with an exponent as a word.
    return text if "." in text else text.replace("e", ".0e")


def _word(text: str) -> str:
    is_plain = (
        _PLAIN.match(text)
        and text.lower() not in _RESERVED
        and not _FLOAT.match(text)
        and text.isascii()
    )
    return text if is_plain else f'"{_ESCAPED.sub(_escaped, text)}"'


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    known = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return known.get(character) or f"\\u{ord(character):04X}"


def _block(value: Any, indent: int) -> list[str]:
    """A mapping or a list, one entry per line; entries that fit on a line are in flow style."""
    margin = " " * indent
    lines: list[str] = []
    if isinstance(value, Mapping):
        for key, part in value.items():
            head = f"{margin}{_word(key)}:"
            if not part or not isinstance(part, (list, Mapping)) or _fits(part, len(head)):
                lines.append(f"{head} {flow(part)}")
            else:
                lines += [head, *_block(part, indent + 2)]
        return lines
    for part in value:
        if not part or not isinstance(part, (list, Mapping)) or _fits(part, indent + 2):
            lines.append(f"{margin}- {_item(part)}")
        else:
            nested = _block(part, indent + 2)
            lines += [f"{margin}- {nested[0].lstrip()}", *nested[1:]]
    return lines


def _item(value: Any) -> str:
    """An item of a list: `dense: {...}` rather than `{dense: {...}}`."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((key, part),) = value.items()
        return f"{_word(key)}: {flow(part)}"
    return flow(value)


def _fits(value: Any, column: int) -> bool:
    return column + 1 + len(flow(value)) <= WIDTH
