"""Loading what is made of hundreds of thousands of objects: torch, diffusers, transformers."""

import gc
from importlib import import_module
from types import ModuleType


def load(module: str) -> ModuleType:
    """`import_module` without Python's search for cyclic garbage, which would look through everything loaded so far
    again and again and find nothing: a fifth of the time. What was loaded is left out of later searches as well (0.4 s
    each, measured with diffusers, in which the whole process stands still)."""
    searched = gc.isenabled()
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        if searched:
            gc.enable()
