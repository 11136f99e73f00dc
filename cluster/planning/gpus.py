"""Figures of devices that nobody has measured yet, worked out from what the models cost and what the devices' makers
promise. They are marked as estimates everywhere; measure your own with `make bench` before you buy.

SDXL at 1024 x 1024: 6.76 TFLOP for one denoising step of one row (counted over the model's layers); a
picture with guidance has two rows, 30 steps. A training step of one sample goes forward and back over a frozen base:
three times a forward. Photos are encoded once, at about a third of a denoising step each.
"""

from collections.abc import Mapping

from cluster.planning.plan import Figures
from cluster.topology.model import GpuClass

STEP_TFLOP = 6.76
STEPS, ROWS = 30, 2
TRAINING_STEPS, FORWARD_AND_BACK = 600, 3
PHOTO_TFLOP = 2.3
# Dense bfloat16, as the makers state it, in TFLOP a second; and the share of it that such work gets in practice.
PEAK: Mapping[GpuClass, float] = {GpuClass.L4: 121.0, GpuClass.L40S: 362.0, GpuClass.H100: 989.0}
SHARE = 0.35


def estimated(gpu: GpuClass) -> Figures:
    """Of a class that is in the table. Raises KeyError for NONE."""
    rate = PEAK[gpu] * SHARE
    return Figures(
        device=f"{gpu.value}, SDXL at 1024 x 1024",
        picture_s=round(STEP_TFLOP * STEPS * ROWS / rate, 3),
        training_s=round(STEP_TFLOP * TRAINING_STEPS * FORWARD_AND_BACK / rate, 1),
        photo_s=round(PHOTO_TFLOP / rate, 4),
        measured=False,
        source=f"{PEAK[gpu]:.0f} TFLOP/s as stated, {SHARE:.0%} of it used",
    )
