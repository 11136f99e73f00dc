"""What a generator replica tells about itself: names, and how they follow from a reading of the engine."""

from collections.abc import Mapping

from serve_apps.engine.stats import EngineStats

GAUGES: Mapping[str, str] = {
    "generation_queued_steps": "denoising steps still to run in this replica",
    "generation_waiting": "pictures waiting for a place in the batch",
    "generation_batch_fill": "share of the batch's rows that carry a picture",
    "generation_adapters_resident": "adapters in this replica's slots",
    "generation_host_bytes": "bytes of adapters kept in host memory",
    "generation_cells_per_s": "latent cells denoised per second",
}
COUNTERS: Mapping[str, str] = {
    "generation_pictures": "pictures made",
    "generation_steps": "batched denoising steps done",
    "generation_gpu_seconds": "device seconds with a picture in the batch",
    "generation_adapter_loads": "adapters brought into a slot",
    "generation_recompiles": "graphs compiled after the warm-up",
}


def levels(stats: EngineStats) -> Mapping[str, float]:
    """The gauges of one reading."""
    return {
        "generation_queued_steps": stats.queued_steps,
        "generation_waiting": stats.waiting,
        "generation_batch_fill": stats.batch_fill if stats.running else 0.0,
        "generation_adapters_resident": len(stats.resident),
        "generation_host_bytes": stats.host_bytes,
        "generation_cells_per_s": stats.cells_per_s if stats.running else 0.0,
    }


def sums(stats: EngineStats) -> Mapping[str, float]:
    """The counters that the engine keeps itself."""
    return {
        "generation_pictures": stats.pictures,
        "generation_steps": stats.steps,
        "generation_adapter_loads": stats.loads,
        "generation_recompiles": stats.recompiles,
    }
