"""The generation engine: many users' adapters in one batch of denoising steps, joined and left at any step.

Plain torch, diffusers and transformers: it knows opaque ids and tensors, and nothing of clusters, HTTP or governance.
"""
