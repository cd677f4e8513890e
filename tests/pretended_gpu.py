"""A GPU pretended on the CPU: tensors that say that they are on ``cuda:0``.

They compute on the CPU, and refuse what a GPU's tensors refuse: to meet tensors that are on the
CPU, and to become NumPy arrays. So whatever isn't moved to the device, or back, fails where there
is no GPU as it would where there is one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

DEVICE = torch.device("cuda", 0)


class OnGpu(torch.Tensor):
    """A tensor that says that it is on the GPU, and holds one that is on the CPU."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> OnGpu:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=DEVICE,
        )
        made.held = held
        return made

    def __repr__(self, **kwargs: Any) -> str:
        return f"OnGpu({self.held!r})"

    @classmethod
    def __torch_dispatch__(
        cls, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return compute(operation, args, kwargs or {})


class PretendedGpu(TorchDispatchMode):
    """Within it, tensors that are made on or moved to ``cuda`` become `OnGpu`."""

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return compute(operation, args, kwargs or {})


def compute(operation: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Compute an operation on the CPU, as a GPU would."""
    name = operation.overloadpacket.__name__
    given: list[torch.Tensor] = []
    tree_map(lambda x: given.append(x) if isinstance(x, torch.Tensor) else None, (args, kwargs))
    on_gpu = any(isinstance(x, OnGpu) for x in given)
    wanted = kwargs.get("device")
    moves = name in ("_to_copy", "copy_", "_copy_from")
    if on_gpu and not moves and any(not isinstance(x, OnGpu) and x.dim() for x in given):
        raise RuntimeError(f"{name}: expected all tensors to be on the same device")
    if name == "_local_scalar_dense":
        return operation(given[0].held if on_gpu else given[0])
    if name == "_fused_sdp_choice" and on_gpu:
        return 0  # plain operations: those of the GPU's own kernels aren't at hand
    to_gpu = on_gpu if wanted is None else torch.device(wanted).type == "cuda"
    if wanted is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    plain_args, plain_kwargs = tree_map(
        lambda x: x.held if isinstance(x, OnGpu) else x, (args, kwargs)
    )
    found = operation(*plain_args, **plain_kwargs)
    if operation._schema.name.endswith("_") or "out" in kwargs:  # the tensor given is the answer
        return kwargs["out"] if "out" in kwargs else args[0]
    if not to_gpu:
        return found
    return tree_map(lambda x: OnGpu(x) if isinstance(x, torch.Tensor) else x, found)
