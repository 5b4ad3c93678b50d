"""Jacobians of PyTorch's modules."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from ._layout import Chunk, leaves
from ._models import chosen

Array = NDArray[Any]

#: Modules that act differently in training: at random, or on the whole batch.
_CHANGING = ("Dropout", "BatchNorm", "InstanceNorm", "AlphaDropout")


class TorchModel:
    """A torch.nn.Module, or `fn(params, x)` of a dictionary of tensors; see `Model`."""

    def __init__(self, fn: Any, params: Any, x: Any, outputs: int | Sequence[int] | None) -> None:
        torch = importlib.import_module("torch")
        is_module = isinstance(fn, torch.nn.Module)
        if is_module:
            _require_evaluation(fn)
        given = dict(fn.named_parameters()) if params is None else dict(params)
        tensors = {name: value.detach() for name, value in given.items()}
        self._names = [name for name, value in tensors.items() if value.is_floating_point()]
        self._free = {name: tensors[name] for name in self._names}
        self._fixed = {name: value for name, value in tensors.items() if name not in self._free}
        self._buffers = dict(fn.named_buffers()) if is_module else {}
        self._torch, self._fn, self._is_module = torch, fn, is_module
        self.leaves = leaves([(name.split("."), self._free[name].numel()) for name in self._names])
        first = self._free[self._names[0]]
        self._device, self._kind = first.device, first.dtype
        self.dtype = np.dtype(np.float64 if self._kind == torch.float64 else np.float32)
        with torch.no_grad():
            found = self._call(self._free, self._tensor(x[:1]))
        shape = found.shape if isinstance(found, torch.Tensor) else ()
        if shape[:1] != (1,):
            raise ValueError(
                f"the {'module' if is_module else 'function'} does not return an array "
                "[inputs, ...] of outputs; give one with one output tensor"
            )
        self.indices = chosen(outputs, int(np.prod(shape)))
        self.outputs = len(self.indices)
        self._kept = torch.tensor(self.indices, device=self._device)

    def values(self) -> list[Array]:
        """The arrays of parameters."""
        return [self._numbers(self._free[name]) for name in self._names]

    def constants(self) -> list[Array]:
        """Buffers, whole numbers, and the parameters that a module has itself."""
        own = dict(self._fn.named_parameters()) if self._is_module else {}
        rest = [value for name, value in own.items() if name not in self._free]
        return [self._numbers(t) for t in (*self._fixed.values(), *rest, *self._buffers.values())]

    def _numbers(self, tensor: Any) -> Array:
        tensor = tensor.detach()
        if tensor.layout != self._torch.strided:
            tensor = tensor.to_dense()
        # NumPy has no bfloat16.
        kinds = (self._torch.float64, self._torch.float32, self._torch.float16)
        is_other = tensor.is_floating_point() and tensor.dtype not in kinds
        numbers: Array = (tensor.float() if is_other else tensor).cpu().numpy()
        return numbers

    def _tensor(self, batch: Any) -> Any:
        tensor = batch
        if not isinstance(batch, self._torch.Tensor):
            own = np.array(batch)
            # PyTorch does not know the bfloat16 of JAX's arrays.
            own = own.astype(np.float32) if own.dtype.kind == "V" else own
            tensor = self._torch.from_numpy(own)
        kind = self._kind if tensor.is_floating_point() else tensor.dtype
        return tensor.to(self._device, kind)

    def _call(self, params: Any, batch: Any) -> Any:
        everything = {**self._fixed, **params}
        if not self._is_module:
            return self._fn(everything, batch)
        call = self._torch.func.functional_call
        return call(self._fn, {**everything, **self._buffers}, (batch,))

    def gradient(self, one: Array, weights: Array) -> list[Array]:
        """The derivatives of a weighted sum of an input's outputs."""
        of_outputs = self._torch.from_numpy(weights).to(self._kind).to(self._device)

        def weighted(own: Any, x: Any) -> Any:
            return (self._value(own, x) * of_outputs).sum()

        with self._torch.no_grad():
            found = self._torch.func.grad(weighted)(self._free, self._tensor(one[None])[0])
        return [self._numbers(found[name]).reshape(-1) for name in self._names]

    def _value(self, own: Any, x: Any) -> Any:
        """The outputs in use for one input, with some of the parameters replaced."""
        return self._call({**self._free, **own}, x[None]).reshape(-1)[self._kept]

    def rows(self, chunk: Chunk) -> Callable[[Array], Array]:
        """The derivatives by the parameters of a chunk."""
        func = self._torch.func
        own = {self._names[span.leaf]: self._free[self._names[span.leaf]] for span in chunk.spans}
        derivative = func.vmap(func.jacrev(self._value), in_dims=(None, 0))

        def of_batch(batch: Array) -> Array:
            with self._torch.no_grad():
                found = derivative(own, self._tensor(batch))
            parts = [
                found[self._names[span.leaf]].reshape((len(batch), self.outputs, -1))[
                    :, :, span.start : span.stop
                ]
                for span in chunk.spans
            ]
            whole = self._torch.cat(parts, 2).cpu()
            return np.asarray(whole.double() if self.dtype == np.float64 else whole.float())

        return of_batch


def _require_evaluation(module: Any) -> None:
    """Raises ValueError for a module in training with layers that then act differently."""
    for name, part in module.named_modules():
        kind = type(part).__name__
        if part.training and kind.startswith(_CHANGING):
            raise ValueError(
                f"the module is in training, and its {name or 'top'} is {kind}, which then acts at "
                "random or on the whole batch; call eval() on the module first"
            )
