"""What the engine refuses, and what can go wrong in it.

EngineError
├── AdapterFileError      an adapter file cannot be used as it is (also a ValueError)
│   ├── BrokenFile            not a safetensors file
│   ├── UnmatchedKey          a key that names nothing in this base model
│   ├── UnsupportedKey        a key of another method than LoRA
│   ├── IncompleteLayer       one half of a layer's pair is missing
│   └── ShapeMismatch         a tensor that does not fit its module
├── RankTooLarge          no slot holds an adapter of this rank (also a ValueError)
├── UnknownTarget         a pattern that matches no module, or a module that cannot be adapted (also a ValueError)
├── InvalidTraining       a training's settings or data cannot be trained (also a ValueError)
├── PackFull              every slot is taken
├── CheckpointMismatch    the checkpoint was made by another training (also a ValueError)
└── OutOfMemory           the device has no room for this step; nothing was changed

Messages name keys, shapes and rules, never contents, so that they may be logged.
"""


class EngineError(Exception):
    """The engine could not do what was asked."""


class AdapterFileError(EngineError, ValueError):
    """An adapter file cannot be used."""


class BrokenFile(AdapterFileError):
    """The bytes are not a complete safetensors file."""


class UnmatchedKey(AdapterFileError):
    """A key names nothing in this base model; the file was made for another one."""

    def __init__(self, key: str, why: str = "matches nothing in this base model") -> None:
        super().__init__(f"{key!r} {why}; nothing was loaded")
        self.key = key


class UnsupportedKey(AdapterFileError):
    """A key belongs to another method than plain LoRA."""

    def __init__(self, key: str, method: str) -> None:
        super().__init__(f"{key!r} belongs to {method}; only plain LoRA layers can be loaded")
        self.key = key


class IncompleteLayer(AdapterFileError):
    """A layer has only one of its two matrices, or a scale without matrices."""

    def __init__(self, layer: str, missing: str) -> None:
        super().__init__(f"the layer {layer!r} has no {missing} matrix")
        self.layer = layer


class ShapeMismatch(AdapterFileError):
    """A tensor does not fit the module it names."""

    def __init__(self, key: str, has: tuple[int, ...], needs: str) -> None:
        super().__init__(f"{key!r} has shape {list(has)}, but its module needs {needs}")
        self.key = key


class RankTooLarge(EngineError, ValueError):
    """No slot holds an adapter of this rank."""

    def __init__(self, rank: int, largest: int) -> None:
        super().__init__(f"the adapter's rank is {rank}, the largest slots hold {largest}")


class UnknownTarget(EngineError, ValueError):
    """A target pattern matches no module, or names a module that cannot be adapted."""


class InvalidTraining(EngineError, ValueError):
    """A training's settings or data cannot be trained; the message names the setting."""


class PackFull(EngineError):
    """Every slot of the pack is taken; wait until a job leaves."""


class CheckpointMismatch(EngineError, ValueError):
    """The checkpoint was made by another training, base model or version."""


class OutOfMemory(EngineError):
    """The device has no room for this step; nothing was changed, try again with a smaller pack."""
