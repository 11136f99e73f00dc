from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from cluster.client.errors import NotSignedIn
from cluster.client.session import forget, make_room, remember, service_url, session_file, signed_in, stranger, trust
from cluster.config import ClientSettings, Settings
from cluster.errors import BadSettings, DiskUnusable
from cluster.tls.authority import Authority
from serve_apps.ingress.schemas.accounts import TokenAnswer
from tests.integration.people import PASSWORD, Person


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def tokens() -> TokenAnswer:
    ends = datetime.now(UTC) + timedelta(hours=1)
    return TokenAnswer(id="tok_1", access_token="pxr_1", scopes=["account"], expires_at=ends)


def test_a_remembered_token_is_used_and_kept_closed(settings: Settings) -> None:
    remember(settings, service_url(settings), tokens())
    assert session_file(settings).stat().st_mode & 0o777 == 0o600
    with signed_in(settings) as api:
        assert api.url == service_url(settings)


def test_without_a_token_the_way_out_is_said(settings: Settings) -> None:
    with pytest.raises(NotSignedIn) as refused:
        signed_in(settings)
    assert "account login" in refused.value.way_out


def test_a_token_never_goes_to_another_address(settings: Settings) -> None:
    remember(settings, service_url(settings), tokens())
    elsewhere = settings.model_copy(update={"client": ClientSettings(url="https://elsewhere.example.org")})
    with pytest.raises(NotSignedIn):
        signed_in(elsewhere)


def test_a_token_of_the_settings_needs_no_session(settings: Settings) -> None:
    given = settings.model_copy(update={"client": ClientSettings(token=SecretStr("pxr_2"))})
    with signed_in(given), stranger(given):
        assert not session_file(given).exists()


def test_forgetting(settings: Settings) -> None:
    remember(settings, service_url(settings), tokens())
    forget(settings)
    forget(settings)
    with pytest.raises(NotSignedIn):
        signed_in(settings)


def test_a_token_that_ends_is_renewed_also_by_two_commands_at_once(person: Person, tmp_path: Path) -> None:
    url = person.house.url
    settings = Settings(home=tmp_path / "home", client=ClientSettings(url=url))
    with stranger(settings) as api:
        given = api.sign_in(person.email, PASSWORD)
    over = given.model_copy(update={"expires_at": datetime.now(UTC), "access_token": "pxr_over"})
    for _ in range(2):
        remember(settings, url, over)
        with signed_in(settings) as api:
            assert api.account().id == person.id
        with signed_in(settings) as api:
            assert api.account().id == person.id
    remember(settings, url, over.model_copy(update={"refresh_token": "pxr_unknown"}))
    with pytest.raises(NotSignedIn, match="has ended"):
        signed_in(settings)


def test_a_file_of_another_shape_is_no_session(settings: Settings) -> None:
    remember(settings, service_url(settings), tokens())
    session_file(settings).write_text('{"url": "http://127.0.0.1", "token": "pxr_1"}')
    with pytest.raises(NotSignedIn):
        signed_in(settings)


def test_a_home_that_cannot_be_written_is_named_before_anybody_signs_up() -> None:
    with pytest.raises(DiskUnusable, match="/proc/nobody"):
        make_room(Settings(home=Path("/proc/nobody")))


def test_an_authority_that_is_none_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("nothing of the kind")
    for path in (tmp_path / "ca.crt", tmp_path / "absent.crt"):
        with pytest.raises(BadSettings, match="no authority's certificate"):
            stranger(settings.model_copy(update={"client": ClientSettings(authority=path)}))


def test_an_authority_of_ones_own_alone_is_trusted(settings: Settings, tmp_path: Path) -> None:
    Authority(tmp_path).create()
    trusted = trust(settings.model_copy(update={"client": ClientSettings(authority=tmp_path / "ca.crt")}))
    assert trusted is not None
    assert len(trusted.get_ca_certs()) == 1
    assert trust(settings) is None
