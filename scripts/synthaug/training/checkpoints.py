"""A training's state on disk, so that after an interruption it goes on to the same bytes as if nothing had happened."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch

from synthaug.errors import Interrupted
from synthaug.files import artifacts
from synthaug.training.loop_state import State

log = logging.getLogger(__name__)

NAME = ".training.checkpoint"
SHORTEST_PAUSE = 1.0  # seconds between two saves
SHARE = 0.02  # of the time that saving may take
DIGEST = hashlib.sha256().digest_size


class Checkpoint:
    """The file that one training is saved to and resumed from; one at a time, replaced as a whole.

    Parameters
    ----------
    folder
        Gets the file `NAME`.
    identity
        A value for JSON that tells this training from any other: parameters, images, code, versions, device.
    stopping
        Tells, after each step, whether the training is asked to stop.
    """

    def __init__(self, folder: Path, identity: dict, stopping: Callable[[], bool]):
        self.path = folder / NAME
        self.identity = json.loads(json.dumps(identity))
        self.stopping = stopping
        self.pause = SHORTEST_PAUSE
        self.saved = time.perf_counter()
        self.warned = False

    def offer(self, state: State) -> None:
        """Save ``state`` if the last save is long enough ago or the training is asked to stop.

        Raises
        ------
        Interrupted
            If the training is asked to stop.
        """
        stop = self.stopping()
        if stop or time.perf_counter() - self.saved >= self.pause:
            done = self.save(state)
        if stop:
            where = f"asked to stop in epoch {state.epoch} after {state.step} steps of it"
            raise Interrupted(f"{where}; {'saved' if done else 'not saved'}; run the same command again to go on")

    def save(self, state: State) -> bool:
        """Write ``state``; a disk that does not take it is a warning, because the training itself can go on."""
        began = time.perf_counter()
        tensors, values = state.pack()
        text = json.dumps({"identity": self.identity, **values}).encode()
        tensors["values"] = torch.frombuffer(bytearray(text), dtype=torch.uint8)
        data = safetensors.torch.save(tensors)
        try:
            # Observed for nobody: the job's own business is not in its record.
            with artifacts.observed(), artifacts.replacing(self.path) as temporary, temporary.open("wb") as file:
                file.write(hashlib.sha256(data).digest())
                file.write(data)
        except OSError as error:
            if not self.warned:
                log.warning("%s: training could not be saved (%s); it goes on unsaved", self.path, error.strerror)
            self.warned = True
            return False
        finally:
            self.saved = time.perf_counter()
            self.pause = max(SHORTEST_PAUSE, (self.saved - began) / SHARE)
        return True

    def restore(self, state: State) -> None:
        """Bring ``state`` to what was saved; a file that is torn or of another training is set aside, never used."""
        try:
            tensors = self._read()
            values = json.loads(tensors.pop("values").numpy().tobytes())
            self._compare(values.pop("identity"))
        except FileNotFoundError:
            return
        except (_Refused, safetensors.SafetensorError, KeyError) as error:
            aside = self._aside()
            os.replace(self.path, aside)
            log.warning("%s: %s; set aside as %s, the training starts anew", self.path, error, aside.name)
            return
        state.unpack(tensors, values)
        log.info("%s: goes on in epoch %d after %d steps of it", self.path, state.epoch, state.step)

    def remove(self) -> None:
        """Remove the file, and one that was set aside: the training's results are written."""
        for path in [self.path, self._aside()]:
            path.unlink(missing_ok=True)

    def _aside(self) -> Path:
        return self.path.with_suffix(".refused")

    def _read(self) -> dict[str, torch.Tensor]:
        data = self.path.read_bytes()
        if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
            raise _Refused("expected a whole checkpoint, found a damaged one")
        return safetensors.torch.load(data[DIGEST:])

    def _compare(self, found: dict) -> None:
        if found != self.identity:
            names = sorted(
                key for key in found.keys() | self.identity.keys() if found.get(key) != self.identity.get(key)
            )
            raise _Refused(f"expected this training's checkpoint, found one with other {', '.join(names)}")


class _Refused(Exception):
    """A checkpoint that must not be used."""


def images_digest(*arrays: np.ndarray) -> str:
    """Return the SHA-256 of the arrays' shapes, types and values, for the identity of a training."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
