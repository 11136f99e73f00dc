"""The Serve application: ingress and generator.

client ──HTTP──▶ ingress replicas ──sealed orders──▶ generator replicas
                      └────────── ids, sealed bytes ──────────┴──▶ governance actor, S3
"""

from typing import Any

from ray import serve
from ray.serve.config import AutoscalingConfig, AutoscalingPolicy, RequestRouterConfig

from governance.config import GovernanceSettings
from serve_apps.config import GeneratorSettings, ServeSettings
from serve_apps.generator.replica import GeneratorReplica
from serve_apps.generator.scaling import DOWNSCALE_DELAY_S
from serve_apps.ingress.replica import IngressReplica

PLENTY = 100_000
"""Ray's own limit on requests in a replica: the engine has its own, which knows what a request costs."""

CLEAN_MEMORY = {
    "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
    "PYTHONMALLOC": "malloc",
    "RAY_USE_UVLOOP": "0",
}
"""Every block of memory is overwritten when it is freed, so that what was read does not linger in the heap;
uvloop would receive into a buffer that is never freed."""


def build(settings: ServeSettings, governance: GovernanceSettings) -> serve.Application:
    """What `serve.run` deploys. No secret is among the arguments; Ray keeps those in the clear."""
    generator = serve.deployment(GeneratorReplica).options(name="generator", **_generator_options(settings.generator))
    ingress = serve.deployment(IngressReplica).options(name="ingress", **_ingress_options(settings))
    application: serve.Application = ingress.bind(
        settings, governance.blobs, generator.bind(settings, governance.blobs)
    )
    return application


def _ingress_options(settings: ServeSettings) -> dict[str, Any]:
    return {
        "num_replicas": settings.ingress_replicas,
        "max_replicas_per_node": settings.ingress_per_node,
        "max_ongoing_requests": PLENTY,
        "graceful_shutdown_timeout_s": settings.drain_s + 5,
        "health_check_period_s": 5,
        "ray_actor_options": {
            "num_cpus": settings.ingress_cpus,
            "runtime_env": {"env_vars": CLEAN_MEMORY},
            **_where(settings.ingress_labels),
        },
    }


def _generator_options(settings: GeneratorSettings) -> dict[str, Any]:
    return {
        **_replicas(settings),
        "max_ongoing_requests": PLENTY,
        "max_queued_requests": settings.max_queued * settings.max_replicas,
        "graceful_shutdown_timeout_s": settings.drain_s + 10,
        "health_check_period_s": 5,
        "request_router_config": RequestRouterConfig(
            request_router_class="serve_apps.generator.routing:AdapterRouter",
            request_routing_stats_period_s=1.0,
        ),
        "ray_actor_options": {
            "num_cpus": settings.cpus_per_replica,
            "num_gpus": settings.gpus_per_replica,
            "runtime_env": {"env_vars": CLEAN_MEMORY},
            **_where(settings.labels),
        },
    }


def _where(labels: dict[str, str]) -> dict[str, Any]:
    """On nodes that carry these labels: residency (P9.1), GPU class, pool."""
    return {"label_selector": labels} if labels else {}


def _replicas(settings: GeneratorSettings) -> dict[str, Any]:
    if settings.min_replicas == settings.max_replicas:
        return {"num_replicas": settings.max_replicas}
    policy = AutoscalingPolicy(
        policy_function="serve_apps.generator.scaling:ByQueuedSteps",
        policy_kwargs={"target": settings.target_steps_per_replica},
    )
    scaling = AutoscalingConfig(
        min_replicas=settings.min_replicas,
        max_replicas=settings.max_replicas,
        upscale_delay_s=1,
        downscale_delay_s=DOWNSCALE_DELAY_S,
        look_back_period_s=2,
        metrics_interval_s=0.5,
        policy=policy,
    )
    return {"autoscaling_config": scaling}
