"""The studio in a real browser, from signing up to the certificate; `make test-studio` runs it."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from governance.audit.verify import verify
from governance.model import JobId, JobPace, JobReport
from tests.integration.house import House
from tests.integration.people import PASSWORD, Person, finish, newcomer, picture
from tests.support.mail import Mailbox, text_of

PATIENCE_MS = 60_000
STORED = """async () => ({
  cookies: document.cookie, local: {...localStorage}, session: {...sessionStorage},
  databases: (await indexedDB.databases()).length, caches: await caches.keys(),
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        running = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        yield running
        running.close()


@dataclass
class Visit:
    """One page, and what it did that it should not."""

    page: Page
    house: House
    wrong: list[str] = field(default_factory=list)

    def shows(self, place: str, text: str) -> None:
        expect(self.page.locator(place)).to_contain_text(text)


@contextmanager
def visit(browser: Browser, house: House, path: str = "/studio", **options: object) -> Iterator[Visit]:
    context = browser.new_context(**{"locale": "en-GB", "accept_downloads": True, **options})  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    seen = Visit(page, house)
    page.on("pageerror", lambda error: seen.wrong.append(str(error)))
    page.on("console", lambda message: seen.wrong.append(message.text) if message.type == "error" else None)
    page.on("request", lambda sent: None if sent.url.startswith((house.url, "blob:")) else seen.wrong.append(sent.url))
    page.goto(f"{house.url}{path}")
    yield seen
    context.close()


def sign_up(page: Page) -> str:
    email = f"{uuid4().hex}@example.org"
    form = page.locator("#sign-up")
    form.get_by_label("Name").fill("Ada Example")
    form.get_by_label("E-mail").fill(email)
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_label("Date of birth").fill("1990-01-31")
    form.get_by_role("button", name="Sign up").click()
    expect(page.locator("#rooms")).to_be_visible()
    return email


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.locator("#to-sign-in").click()
    form = page.locator("#sign-in")
    form.get_by_label("E-mail").fill(email)
    form.get_by_label("Password").fill(password)
    form.get_by_role("button", name="Sign in").click()


def photos(folder: Path) -> list[Path]:
    """Three good ones, one that is too small and one that is none."""
    files = {f"{n}.png": picture() for n in range(3)} | {"small.png": picture(8), "note.gif": b"GIF89a" * 20}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def train(seen: Visit, email: str) -> None:
    """A training that is begun on the page and worked off like by the pool; the page follows it by itself."""
    seen.page.get_by_role("button", name="Train my model").click()
    seen.shows("#trainings", "Training of")
    signed_in = httpx.post(f"{seen.house.url}/v1/sessions", json={"email": email, "password": PASSWORD}, timeout=60)
    bearer = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    [training] = httpx.get(f"{seen.house.url}/v1/trainings", headers=bearer, timeout=60).json()["data"]
    governance = seen.house.governance
    [claimed] = seen.house.call(governance.claim_jobs("worker", 1, ids=[JobId(training["id"])]))
    half = JobReport(0.5, pace=JobPace(20, 40, 12.0, ((1, 0.9),)))
    seen.house.call(governance.report_job(claimed.job.id, claimed.attempt, half))
    seen.shows("#trainings", "50 %")
    seen.house.call(finish(seen.house, claimed, seed=1))
    seen.shows("#models", "Model of")


def test_from_the_first_photo_to_the_certificate(browser: Browser, house: House, tmp_path: Path) -> None:
    with visit(browser, house) as seen:
        page = seen.page
        email = sign_up(page)

        page.locator("#files").set_input_files(photos(tmp_path))
        expect(page.locator("#chosen .fine")).to_have_count(3)
        expect(page.locator("#chosen .why")).to_have_count(2)
        seen.shows("#chosen li:nth-child(4)", "small.png")
        seen.shows("#chosen li:nth-child(4) .why", "pixels")
        page.get_by_role("button", name="Upload 3 good ones").click()
        expect(page.locator("#kept-photos img")).to_have_count(3)
        seen.shows("#kept-photos li:first-child", "Kept until")
        seen.shows("#train-photos", "3 photos")

        train(seen, email)

        page.locator("#make").get_by_label("How many").select_option("2")
        page.evaluate("""() => new MutationObserver((all) => all.forEach(({target}) => {
            if (target.dataset.partial) document.body.dataset.seen = "partial";
        })).observe(document.getElementById("fresh"), {attributes: true, subtree: true})""")
        page.get_by_role("button", name="Make pictures").click()
        expect(page.locator("#fresh img:not(.waiting)")).to_have_count(2)
        expect(page.locator("body")).to_have_attribute("data-seen", "partial")
        expect(page.locator("#kept-pictures img")).to_have_count(2)

        page.locator("#kept-pictures button").first.click()
        expect(page.locator("#look-photos img")).to_have_count(3)
        seen.shows("#look-model", "Model of")
        seen.shows("#look-deadline", "Kept until")
        page.get_by_role("button", name="Delete this picture").click()
        page.locator("#ask").get_by_role("button", name="Delete").click()
        expect(page.locator("#kept-pictures img")).to_have_count(1)

        assert page.evaluate(STORED) == {"cookies": "", "local": {}, "session": {}, "databases": 0, "caches": []}
        page.get_by_role("button", name="Erase everything").click()
        page.locator("#ask").get_by_role("button", name="Erase everything").click()
        with page.expect_download() as download:
            page.locator("#certificate").click()
        seen.shows("#gone-counts", "3 × photo")
        proof = verify(download.value.path().read_bytes())
        assert download.value.suggested_filename == f"{proof.body.request}.json"
        assert seen.wrong == []

        page.get_by_role("button", name="Back to the start").click()
        sign_in(page, email)
        seen.shows("#sign-in .refusal", "e-mail address")
        assert page.locator("#rooms img").count() == 0


def test_danish_by_keyboard_in_the_dark(browser: Browser, house: House) -> None:
    """Everything at the door without a pointer; the other language with one key."""
    somebody = newcomer(house)
    with visit(browser, house, locale="da-DK", color_scheme="dark") as seen:
        page = seen.page
        seen.shows("#door-title", "Væk, når du siger til.")
        ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert max(map(int, re.findall(r"\d+", ground))) < 64
        page.locator("#to-sign-in").focus()
        page.keyboard.press("Enter")
        page.keyboard.type(somebody.email)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        seen.shows("#photos-title", "Dine fotos")
        expect(page.locator("#credits")).to_contain_text("kreditter")
        page.locator("#language").focus()
        page.keyboard.press("Enter")
        seen.shows("#photos-title", "Your photos")
        seen.shows("#packs", "DKK")
        page.get_by_role("button", name="Sign out").press("Enter")
        expect(page.locator("#door")).to_be_visible()
        assert page.locator("#who").inner_text() == ""
        assert seen.wrong == []


def test_a_forgotten_password_comes_back_by_its_letter(browser: Browser, house: House, mailbox: Mailbox) -> None:
    somebody = newcomer(house)
    with visit(browser, house) as seen:
        sign_in(seen.page, somebody.email, "not the right one")
        seen.shows("#sign-in .refusal", "password")
        seen.page.get_by_role("button", name="I forgot my password").click()
        seen.shows("#told", "on its way")
    code = code_of(mailbox, somebody)
    with visit(browser, house, f"/studio/reset-password#{code}") as seen:
        assert code not in seen.page.url
        seen.page.get_by_label("New password").fill("another long password")
        seen.page.get_by_role("button", name="Set the new password").click()
        seen.shows("#told", "Sign in with it")
        sign_in(seen.page, somebody.email, "another long password")
        seen.shows("#who", "Ada Example")
        assert seen.wrong == []


def code_of(mailbox: Mailbox, person: Person) -> str:
    """The code that the letter brings."""
    letter = text_of(mailbox.wait_for(person.email, "A new password"))
    found = re.search(r"^[0-9a-f]{64}$", letter, re.MULTILINE)
    assert found is not None
    return found.group()
