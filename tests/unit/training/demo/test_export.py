import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from tests.unit.training.demo.test_pretrain import CONFIG
from training.demo.export import export_base, export_readers, learned
from training.demo.faces import face_finder
from training.demo.loop import Silent, Trainer, Workers
from training.demo.nets import load
from training.demo.pretrain import STAGES, build_stage


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("pretrain")
    for name in STAGES:
        Trainer(build_stage(name, CONFIG, place), CONFIG.loops[name], place, Workers(), Silent()).run(until=2)
    return place


def test_the_base_loads_as_a_plain_pipeline_and_makes_pictures(folder, tmp_path):
    export_base(folder, tmp_path / "base", CONFIG)
    pipeline = StableDiffusionPipeline.from_pretrained(tmp_path / "base")
    pipeline.set_progress_bar_config(disable=True)
    picture = pipeline("a photo of a person", num_inference_steps=2, output_type="np").images[0]
    assert picture.shape == (64, 64, 3)
    assert np.isfinite(picture).all()
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert not list((tmp_path / "base").rglob("*.bin"))


def test_what_ships_is_the_average_of_the_weights(folder):
    state = torch.load(folder / "base.pt")
    name = "unet.conv_in.weight"
    assert torch.equal(learned(folder, "base")[name], state["average"][name])
    assert not torch.equal(state["average"][name], state["module"][name])


def test_readers_load_again(folder, tmp_path):
    export_readers(folder, tmp_path, CONFIG)
    assert load(tmp_path / "encoder.safetensors", CONFIG.encoder.net)
    assert face_finder(tmp_path / "finder.safetensors", CONFIG.finder)
    assert load(tmp_path / "scene.safetensors", CONFIG.checker.scene)
    assert load(tmp_path / "expression.safetensors", CONFIG.checker.expression)


def test_a_stage_that_has_not_begun_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="--stage vae first"):
        learned(tmp_path, "vae")
