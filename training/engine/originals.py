"""The names of the original Stable Diffusion code for a diffusers UNet's modules.

The original numbers all blocks through (`input_blocks.4.1`), diffusers nests them (`down_blocks.1.attentions.0`).
Kohya's SDXL files use the former. The numbering follows from the UNet's own structure:

    input_blocks   0: conv_in, then for each level its layers (resnet .0, attention .1), then the downsampler (.0.op)
    middle_block   0: resnet, 1: attention, 2: resnet
    output_blocks  for each level its layers (resnet .0, attention .1), the upsampler last in the level's last layer
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

_RESNET = {
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_TOP = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}


def original_names(unet: nn.Module) -> dict[str, str]:
    """Original name to diffusers path, for the adaptable modules of a UNet; empty for other modules."""
    if not hasattr(unet, "down_blocks"):
        return {}
    prefixes = dict(_blocks(unet))
    names = {original: path for path, original in _TOP.items()}
    for path, module in unet.named_modules():
        if not isinstance(module, (nn.Linear, nn.Conv2d)):
            continue
        block = next((p for p in prefixes if path.startswith(p + ".")), None)
        if block is not None:
            names[f"{prefixes[block]}.{_inner(block, path.removeprefix(f'{block}.'))}"] = path
    return names


def _inner(block: str, rest: str) -> str:
    if ".resnets." in block:
        return _RESNET.get(rest, rest)
    return "op" if ".downsamplers." in block else rest


def _blocks(unet: nn.Module) -> Iterator[tuple[str, str]]:
    yield from _down(unet)
    yield "mid_block.resnets.0", "middle_block.0"
    yield "mid_block.attentions.0", "middle_block.1"
    yield "mid_block.resnets.1", "middle_block.2"
    yield from _up(unet)


def _down(unet: nn.Module) -> Iterator[tuple[str, str]]:
    number = 1
    for level, block in enumerate(unet.down_blocks):  # type: ignore[arg-type]
        for layer in range(len(block.resnets)):
            yield f"down_blocks.{level}.resnets.{layer}", f"input_blocks.{number}.0"
            yield f"down_blocks.{level}.attentions.{layer}", f"input_blocks.{number}.1"
            number += 1
        if block.downsamplers is not None:
            yield f"down_blocks.{level}.downsamplers.0", f"input_blocks.{number}.0"
            number += 1


def _up(unet: nn.Module) -> Iterator[tuple[str, str]]:
    number = 0
    for level, block in enumerate(unet.up_blocks):  # type: ignore[arg-type]
        attention = hasattr(block, "attentions")
        for layer in range(len(block.resnets)):
            yield f"up_blocks.{level}.resnets.{layer}", f"output_blocks.{number}.0"
            yield f"up_blocks.{level}.attentions.{layer}", f"output_blocks.{number}.1"
            number += 1
        if block.upsamplers is not None:
            yield f"up_blocks.{level}.upsamplers.0", f"output_blocks.{number - 1}.{1 + attention}"
