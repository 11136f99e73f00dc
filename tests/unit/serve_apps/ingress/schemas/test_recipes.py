"""What a request may turn is what the pool knows, within the same bounds."""

from pydantic.fields import FieldInfo

from serve_apps.ingress.schemas.recipes import TrainingRecipe
from training.jobs import Recipe


def _bounds(field: FieldInfo) -> set[str]:
    return {repr(one) for one in field.metadata}


def test_every_knob_of_the_pool_is_there_with_its_bounds() -> None:
    mine, theirs = TrainingRecipe.model_fields, Recipe.model_fields
    # A training's seed stands beside its recipe.
    assert [*mine] == [name for name in theirs if name != "seed"]
    assert {name: _bounds(one) for name, one in mine.items()} == {name: _bounds(theirs[name]) for name in mine}
    assert all(one.annotation == theirs[name].annotation | None for name, one in mine.items())


def test_only_what_was_turned_is_kept() -> None:
    turned = TrainingRecipe.model_validate({"steps": 240, "targets": "attention", "flip": False})
    assert turned.params() == {"steps": 240, "targets": "attention", "flip": False}
    assert TrainingRecipe().params() == {}
