"""The network of a fitted model: a fine-tuned one, or a checkpoint's, which is read again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch

from tabtransfer.checkpoint import SHIPPED, checkpoint_sha256, load_checkpoint
from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import TabularTransformer

__all__ = ["KeptNetwork"]


@dataclass(frozen=True)
class KeptNetwork:
    """The fine-tuned network of a table, or the name of the checkpoint that has the network.

    Parameters
    ----------
    finetuned : TabularTransformer or None
        The network, if it isn't the checkpoint's.
    checkpoint : path-like or None
        The checkpoint; the shipped one if None.
    sha256 : str
        Of the checkpoint when the model was fitted.
    """

    finetuned: TabularTransformer | None
    checkpoint: str | os.PathLike[str] | None
    sha256: str

    @classmethod
    def of(
        cls, network: TabularTransformer, checkpoint: str | os.PathLike[str] | None
    ) -> KeptNetwork:
        """Keep a network that was made from a checkpoint, or is the checkpoint's."""
        sha256 = checkpoint_sha256(checkpoint)
        shared = bool(sha256) and network is load_checkpoint(checkpoint)
        return cls(None if shared else network, checkpoint, sha256)

    def get(self) -> TabularTransformer:
        """Return the network.

        Raises
        ------
        TabTransferError
            If it is a checkpoint's, and that is another one now.
        """
        if self.finetuned is not None:
            return self.finetuned
        if checkpoint_sha256(self.checkpoint) != self.sha256:
            raise TabTransferError(
                f"The weights at {self.checkpoint or SHIPPED} are not those of fit: fit again, "
                "or put the former checkpoint back."
            )
        return load_checkpoint(self.checkpoint)

    def to_bytes(self) -> bytes:
        """Return the network as the bytes of a safetensors file; a checkpoint's is copied whole."""
        network = self.get()
        if self.finetuned is None:
            return Path(SHIPPED if self.checkpoint is None else self.checkpoint).read_bytes()
        return safetensors.torch.save(
            {name: t.detach().contiguous() for name, t in network.state_dict().items()}
        )
