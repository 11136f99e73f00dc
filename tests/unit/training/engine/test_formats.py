"""Files read and written as the rest of the world does it; diffusers itself is the reference."""

import json

import pytest
import safetensors.torch
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline

from training.engine import tensorfile
from training.engine.errors import AdapterFileError, IncompleteLayer, ShapeMismatch, UnmatchedKey, UnsupportedKey
from training.engine.formats import AdapterWeights, LayerWeights, parse, to_diffusers, to_kohya
from training.engine.names import Component

UNET_ENDS = ("to_q", "to_v", "to_out.0", "conv1", "proj_in", "net.2", "time_emb_proj", "conv_shortcut", "0.conv")


def random_adapter(base, rank=4, scale=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    layers = {}
    for (component, path), module in base.names.modules.items():
        if path.endswith(UNET_ENDS if component == Component.UNET else ("q_proj", "fc1")):
            out, *inner = module.weight.shape
            A = torch.randn(rank, *inner, generator=generator) / module.weight[0].numel() ** 0.5
            B = torch.randn(out, rank, generator=generator) * 0.2
            layers.setdefault(component, {})[path] = LayerWeights(A, B, scale)
    return AdapterWeights(layers)


def pipeline_over(base):
    return StableDiffusionPipeline(
        vae=base.vae,
        text_encoder=base.text_encoders[0],
        tokenizer=base.tokenizers[0],
        unet=base.unet,
        scheduler=DDIMScheduler.from_config(base.scheduler_config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def merged(base, adapter):
    """The base with the adapter added into its weights: plain arithmetic, no library."""
    with torch.no_grad():
        for component, path, layer in adapter:
            weight = base.names.modules[component, path].weight
            weight += (layer.scale * layer.B @ layer.A.flatten(1)).view_as(weight)
    return base


def outputs(base):
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(2, 4, 8, 8, generator=generator)
    with torch.no_grad():
        text = base.encode_text(["a b c", "d"]).text_bld
        return base.unet(x, torch.tensor([10, 500]), text).sample


def same(one, two):
    first, second = ({(c, p): layer for c, p, layer in adapter} for adapter in (one, two))
    assert first.keys() == second.keys()
    for where, mine in first.items():
        theirs = second[where]
        assert torch.equal(mine.A, theirs.A)
        assert torch.allclose(mine.scaled_b, theirs.scaled_b, atol=1e-7)


@pytest.mark.parametrize("write", [to_diffusers, to_kohya])
def test_diffusers_loads_what_is_written_and_gives_the_merged_output(base, write):
    adapter = random_adapter(base, scale=0.5)
    if write is to_kohya:
        # diffusers 0.42 loses kohya's attention layers of flattened text encoders, with a warning only.
        del adapter.layers[Component.TEXT_ENCODER]
    data = write(adapter)
    pipeline = pipeline_over(base)
    plain = outputs(base)
    pipeline.load_lora_weights(safetensors.torch.load(bytes(data)))
    loaded = outputs(base)
    pipeline.unload_lora_weights()
    expected = outputs(merged(base, adapter))
    assert (expected - plain).abs().max() > 0.05
    assert (loaded - expected).abs().max() < 1e-5


@pytest.mark.parametrize("write", [to_diffusers, to_kohya])
def test_round_trip(base, write):
    adapter = random_adapter(base, rank=3, scale=0.25)
    same(parse(write(adapter), base.modules), adapter)


def rename(adapter, how, prefix=""):
    tensors = {}
    for component, path, layer in adapter:
        tensors[prefix + how[0].format(c=component, p=path)] = layer.A
        tensors[prefix + how[1].format(c=component, p=path)] = layer.scaled_b
    return safetensors.torch.save(tensors)


@pytest.mark.parametrize(
    "how",
    [
        ("{c}.{p}.lora_A.weight", "{c}.{p}.lora_B.weight"),
        ("{c}.{p}.lora_A.default.weight", "{c}.{p}.lora_B.default.weight"),
        ("{c}.{p}.lora.down.weight", "{c}.{p}.lora.up.weight"),
        ("{c}.base_model.model.{p}.lora_A.weight", "{c}.base_model.model.{p}.lora_B.weight"),
        ("base_model.model.{p}.lora_A.weight", "base_model.model.{p}.lora_B.weight"),
        ("{c}.{p}.lora_linear_layer.down.weight", "{c}.{p}.lora_linear_layer.up.weight"),
    ],
)
def test_other_spellings(base, how):
    adapter = random_adapter(base)
    same(parse(rename(adapter, how), base.modules), adapter)


def test_the_oldest_diffusers_spelling(base):
    path = "mid_block.attentions.0.transformer_blocks.0.attn1"
    A, B = torch.randn(2, 32), torch.randn(32, 2)
    names = {f"unet.{path}.processor.to_out_lora.down.weight": A, f"unet.{path}.processor.to_out_lora.up.weight": B}
    found = parse(safetensors.torch.save(names), base.modules)
    assert list(found.of(Component.UNET)) == [f"{path}.to_out.0"]


def test_alpha_is_honoured_from_keys_and_from_metadata(base):
    adapter = random_adapter(base, rank=4)
    _, path, layer = next(iter(adapter))
    pair = {f"unet.{path}.lora_A.weight": layer.A, f"unet.{path}.lora_B.weight": layer.B.view(*layer.B.shape, 1, 1)}
    if layer.A.dim() == 2:
        pair[f"unet.{path}.lora_B.weight"] = layer.B
    by_key = parse(safetensors.torch.save({**pair, f"unet.{path}.alpha": torch.tensor(2.0)}), base.modules)
    settings = {"unet.r": 4, "unet.lora_alpha": 16, "unet.alpha_pattern": {"nothing": 1}, "unet.use_rslora": True}
    metadata = {"lora_adapter_metadata": json.dumps(settings)}
    by_metadata = parse(safetensors.torch.save(pair, metadata), base.modules)
    assert next(iter(by_key))[2].scale == 0.5
    assert next(iter(by_metadata))[2].scale == 8.0


def test_metadata_scale_equals_what_diffusers_applies(base):
    adapter = random_adapter(base, rank=4, scale=2.0)
    plain = AdapterWeights({Component.UNET: {p: LayerWeights(w.A, w.B) for p, w in adapter.of(Component.UNET).items()}})
    settings = {"unet.r": 4, "unet.lora_alpha": 8, "unet.target_modules": list(plain.of(Component.UNET))}
    data = to_diffusers(plain, {"lora_adapter_metadata": json.dumps(settings)})
    assert all(layer.scale == 2.0 for _, _, layer in parse(data, base.modules))


def test_a_key_that_matches_nothing_is_named(base):
    data = to_diffusers(random_adapter(base))
    tensors, _ = tensorfile.read(data)
    strange = "unet.down_blocks.9.attentions.0.to_q.lora_A.weight"
    with pytest.raises(UnmatchedKey, match=r"down_blocks\.9"):
        parse(safetensors.torch.save({**tensors, strange: torch.ones(4, 16)}), base.modules)


def test_a_shape_that_does_not_fit_is_named(base):
    key = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
    pair = {f"{key}.lora_A.weight": torch.ones(4, 31), f"{key}.lora_B.weight": torch.ones(32, 4)}
    with pytest.raises(ShapeMismatch, match=r"to_q\.lora_A"):
        parse(safetensors.torch.save(pair), base.modules)
    pair = {f"{key}.lora_A.weight": torch.ones(4, 32), f"{key}.lora_B.weight": torch.ones(32, 5)}
    with pytest.raises(ShapeMismatch, match=r"to_q\.lora_B"):
        parse(safetensors.torch.save(pair), base.modules)


def test_half_a_layer_other_methods_and_empty_files_are_refused(base):
    key = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
    with pytest.raises(IncompleteLayer, match="to_q"):
        parse(safetensors.torch.save({f"{key}.lora_A.weight": torch.ones(4, 32)}), base.modules)
    with pytest.raises(UnsupportedKey, match="DoRA"):
        parse(safetensors.torch.save({f"{key}.lora_magnitude_vector": torch.ones(32)}), base.modules)
    with pytest.raises(AdapterFileError, match="no layers"):
        parse(safetensors.torch.save({}), base.modules)


def test_wiping_reaches_the_files_own_bytes(base):
    data = to_diffusers(random_adapter(base))
    parse(data, base.modules).wipe()
    tensors, _ = tensorfile.read(data)
    assert not any(tensor.any() for tensor in tensors.values())
