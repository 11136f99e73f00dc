"""The studio as it is served: whole, strict, in two languages, and without a memory of its own."""

import re
import tomllib
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from serve_apps.ingress.app import create_app
from serve_apps.ingress.routers.studio import TYPES, assets

SCRIPTS = {name: asset.data.decode() for name, asset in assets().items() if name.endswith(".js")}
PAGE = assets()["studio.html"].data.decode()
LANGUAGES = re.findall(r"^  (en|da): \{\n(.*?)^  \},", SCRIPTS["words.js"], re.MULTILINE | re.DOTALL)
WORDS = {language: re.findall(r"^    (\w+): ", block, re.MULTILINE) for language, block in LANGUAGES}
BLANKS = {language: dict(re.findall(r'^    (\w+): "(.*)",$', block, re.MULTILINE)) for language, block in LANGUAGES}


class Elements(HTMLParser):
    """Every element of the page with its attributes, and the text inside scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(PAGE)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip() and self.found[-1][0] in ("script", "style"):
            self.inline.append(data)


def addresses() -> Iterator[str]:
    for _, attributes in Elements().found:
        yield from (str(attributes[name]) for name in ("src", "href") if attributes.get(name))


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    application = create_app(None)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://studio") as client:
        yield client


async def test_the_page_and_its_files_are_served_under_a_strict_policy(http: httpx.AsyncClient) -> None:
    for path in ("/studio", *(f"/studio/{name}" for name in assets())):
        answer = await http.get(path)
        assert answer.status_code == 200, path
        assert re.match(r"(text/(html|css|javascript)|image/svg)", answer.headers["content-type"])
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} <= {*policy}
        assert "unsafe" not in answer.headers["content-security-policy"]


async def test_links_in_our_letters_lead_to_the_page_and_all_else_to_nothing(http: httpx.AsyncClient) -> None:
    for errand in ("confirm-address", "reset-password"):
        assert (await http.get(f"/studio/{errand}")).text == PAGE
    for name in ("nothing.js", "__init__.py", "..%2fapp.py"):
        answer = await http.get(f"/studio/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_nothing_is_inline_and_nothing_from_anybody_else() -> None:
    page = Elements()
    assert page.inline == []
    attributes = {name for _, given in page.found for name in given}
    assert {name for name in attributes if name.startswith("on") or name == "style"} == set()
    assert {each.removeprefix("/studio/") for each in addresses() if each != "#main"} <= set(assets())
    assert [name for name, script in SCRIPTS.items() if re.search(r"https?://", script)] == []


def test_its_files_travel_with_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[5] / "pyproject.toml").read_text())
    travelling = project["tool"]["setuptools"]["package-data"]["*"]
    assert {f"*{suffix}" for suffix in TYPES} <= set(travelling)


def test_every_module_that_is_imported_is_there() -> None:
    imported = {name for script in SCRIPTS.values() for name in re.findall(r'from "\./([\w.]+)"', script)}
    assert imported | {"studio.js"} == set(SCRIPTS)


def test_nothing_is_kept_in_the_browser_or_written_as_markup() -> None:
    forbidden = re.compile(r"localStorage|sessionStorage|indexedDB|cookie|innerHTML|insertAdjacentHTML|\beval\b")
    assert [name for name, script in SCRIPTS.items() if forbidden.search(script)] == []


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    assert set(WORDS) == {"en", "da"}
    assert WORDS["en"] == WORDS["da"] == sorted(WORDS["en"])
    assert len(WORDS["en"]) > 60
    blanks = {language: {name: sorted(re.findall(r"\{(\w+)[|}]", text)) for name, text in texts.items()}
              for language, texts in BLANKS.items()}  # fmt: skip
    assert blanks["en"] == blanks["da"]


def test_every_word_is_used_and_every_word_that_is_used_is_there() -> None:
    shown = {str(attributes["data-word"]) for _, attributes in Elements().found if "data-word" in attributes}
    said = {name for script in SCRIPTS.values() for name in re.findall(r'(?:say|listed)\("(\w+)"', script)}
    assert shown | said == set(WORDS["en"])


def test_every_field_and_button_says_what_it_is() -> None:
    """A label around each field, a word or a name on each button: for whoever uses the page by ear or keyboard."""
    buttons = re.findall(r"<button[^>]*?(?:/>|>)", PAGE)
    assert [each for each in buttons if "data-word" not in each and " id=" not in each] == []
    fields = re.findall(r"(<label[^>]*>(?:(?!</label>).)*?)?<(?:input|select|textarea)\b", PAGE, re.DOTALL)
    assert fields
    assert all(fields)
    assert not re.search(r'tabindex="[1-9]', PAGE)
