from training.demo.weights import FOLDER, megabytes


def test_sizes_are_added_up(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(bytes(1_500_000))
    (tmp_path / "b").write_bytes(bytes(500_000))
    assert megabytes(tmp_path) == 2.0
    assert megabytes(tmp_path / "b") == 0.5


def test_all_that_ships_is_at_most_thirty_megabytes():
    assert 1 < megabytes(FOLDER) <= 30
