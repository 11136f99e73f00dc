import numpy as np

from training.demo.dataset import DatasetConfig, draw, load_or_draw
from training.demo.scene import Background
from training.demo.seeds import VALIDATION

CONFIG = DatasetConfig(people=6, pictures=3, processes=1)


def test_pictures_stand_with_what_they_show(drawn):
    assert drawn.images.shape == (96, 64, 64, 3)
    assert drawn.people.tolist()[:8] == [VALIDATION.first] * 4 + [VALIDATION.first + 1] * 4
    for caption, (place, _, _) in zip(drawn.captions, drawn.labels, strict=True):
        assert list(Background)[place] in caption


def test_several_processes_draw_what_one_draws():
    one, two = draw(VALIDATION, CONFIG), draw(VALIDATION, DatasetConfig(people=6, pictures=3, processes=2))
    assert np.array_equal(one.images, two.images)
    assert one.captions == two.captions


def test_what_is_kept_is_read_again_and_drawn_anew_for_other_settings(tmp_path):
    first = load_or_draw(tmp_path, VALIDATION, CONFIG)
    note = (tmp_path / "dataset.json").stat().st_mtime_ns
    again = load_or_draw(tmp_path, VALIDATION, CONFIG)
    assert np.array_equal(first.images, again.images)
    assert (tmp_path / "dataset.json").stat().st_mtime_ns == note
    assert len(load_or_draw(tmp_path, VALIDATION, DatasetConfig(people=2, pictures=2, processes=1)).images) == 4
