"""The serving house: the ingress, the generator deployment, and the generation engine under `engine/`.

Imports run left to right only: cluster, serve_apps, training, governance. `serve_apps.engine` is plain torch and
may import `training.engine` alone, so that it can be read, tested and measured without a cluster.
"""
