import os

import pytest

from governance.residue import files
from governance.residue.files import directory, read_file
from governance.residue.report import Place
from governance.residue.source import SourceUnreadable


def content(source):
    return b"".join(bytes(chunk) for _, chunk in source.read())


def by_name(root):
    return {source.name: source for source in directory(Place.DATA, root)}


def test_every_regular_file_is_read(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "deep").write_bytes(b"deep content")
    (tmp_path / "top").write_bytes(b"top content")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "top")
    sources = by_name(tmp_path)
    assert content(sources[str(tmp_path / "a" / "b" / "deep")]) == b"deep content"
    assert content(sources[str(tmp_path / "top")]) == b"top content"
    assert not any(name.endswith(("pipe", "link")) for name in sources)


def test_names_are_content_too(tmp_path):
    (tmp_path / "anna@example.org.jpg").touch()
    (tmp_path / "a folder of Anna").mkdir()
    names = content(by_name(tmp_path)[f"file names below {tmp_path}"])
    assert b"anna@example.org.jpg" in names
    assert b"a folder of Anna" in names


def test_large_files_come_in_chunks_and_holes_are_left_out(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(b"start")
        file.seek(3 * files.CHUNK)
        file.write(b"x" * (files.CHUNK + 10))
    chunks = list(read_file(str(path)))
    assert sum(len(chunk) for _, chunk in chunks) < 2 * files.CHUNK
    assert chunks[0][1].startswith(b"start")
    last_offset, last = chunks[-1]
    assert last_offset + len(last) == 4 * files.CHUNK + 10
    assert max(len(chunk) for _, chunk in chunks) <= files.CHUNK


def test_a_file_that_vanished_left_nothing(tmp_path):
    assert list(read_file(str(tmp_path / "gone"))) == []
    assert content(next(directory(Place.DATA, tmp_path / "gone"))) == b""


def test_what_cannot_be_read_is_said(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(SourceUnreadable):
        list(read_file(str(loop), follow=True))
    with pytest.raises(SourceUnreadable):
        list(read_file(str(loop)))
