"""A GPU pretended on the CPU: tensors that say that they are on another device.

They refuse what a GPU's tensors refuse, to meet tensors that are on the CPU and to become NumPy
arrays, so that whatever isn't moved there or back fails, where no GPU is as well. What it can't
show are a GPU's own kernels, its roundings and its memory.

``python pretended_gpu.py SCRIPT ARGUMENT...`` runs a script in which the device "auto" is this one;
torch is changed for the whole process.
"""

from __future__ import annotations

import runpy
import sys
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

DEVICE = torch.device("privateuseone", 0)


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
        return _compute(operation, args, kwargs or {})


class PretendedGpu(TorchDispatchMode):
    """Within it, tensors that are made on the device or moved there become `OnGpu`."""

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _compute(operation, args, kwargs or {})


def _compute(operation: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    name, wanted = operation.overloadpacket.__name__, kwargs.get("device")
    given: list[torch.Tensor] = []
    tree_map(lambda x: given.append(x) if isinstance(x, torch.Tensor) else None, (args, kwargs))
    on_gpu = any(isinstance(x, OnGpu) for x in given)
    elsewhere = any(not isinstance(x, OnGpu) and x.dim() for x in given)
    if on_gpu and elsewhere and name not in ("_to_copy", "copy_"):
        raise RuntimeError(f"{name}: expected all tensors to be on the same device")
    to_gpu = on_gpu if wanted is None else torch.device(wanted).type == DEVICE.type
    if wanted is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    plain = tree_map(lambda x: x.held if isinstance(x, OnGpu) else x, (args, kwargs))
    found = operation(*plain[0], **plain[1])
    if "out" in kwargs:
        return kwargs["out"]
    if operation._schema.name.endswith("_") and found is not None:
        return args[0]
    if not to_gpu:
        return found
    return tree_map(lambda x: OnGpu(x) if isinstance(x, torch.Tensor) else x, found)


def _pretend() -> None:
    """Register the device, and have "auto" mean it."""
    _setup_privateuseone_for_python_backend("pretended")
    torch.pretended.get_amp_supported_dtype = lambda: [torch.bfloat16]
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    torch.inference_mode = torch.no_grad  # such tensors have no views in inference mode
    make = torch.tensor

    def make_on_device(*args: Any, device: Any = None, **kwargs: Any) -> torch.Tensor:
        made = make(*args, **kwargs)
        return made if device is None else made.to(device)

    torch.tensor = make_on_device  # makes tensors where no mode sees it
    from tabtransfer import device

    find = device.find_device
    device.find_device = lambda name: DEVICE if name == "auto" else find(name)


if __name__ == "__main__":
    _pretend()
    sys.argv = sys.argv[1:]
    with PretendedGpu():
        runpy.run_path(sys.argv[0], run_name="__main__")
