"""The training engine: stacked adapters over one frozen base model, trained for many people in one pass.

Plain torch, diffusers, transformers and safetensors. It knows opaque ids, tensors and bytes; nothing of who they are.
"""
