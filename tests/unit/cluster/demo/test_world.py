import io

from PIL import Image

from cluster.demo.world import PHOTOS, PROMPTS, fresh_person, stranger_files
from training.demo.seeds import EVALUATION


def test_a_person_nobody_was_trained_on_with_photos_and_new_prompts() -> None:
    person = fresh_person()
    assert person.seed in EVALUATION
    assert len(person.uploads) == PHOTOS
    assert len(set(person.prompts)) == PROMPTS
    assert not set(person.prompts) & {upload.caption for upload in person.uploads}


def test_a_seed_gives_the_same_photos_and_another_account() -> None:
    first, again = fresh_person(10_000_003), fresh_person(10_000_003)
    assert [upload.data for upload in first.uploads] == [upload.data for upload in again.uploads]
    assert first.email != again.email


def test_the_files_are_pictures_and_strangers_are_others() -> None:
    person = fresh_person(10_000_003)
    strangers = stranger_files()
    assert not {upload.data for upload in person.uploads} & set(strangers)
    for file in (person.uploads[0].data, strangers[0]):
        with Image.open(io.BytesIO(file)) as image:
            assert image.format == "PNG"
