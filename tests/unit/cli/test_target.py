"""Where the command line finds the API and its token."""

from pathlib import Path

import pytest

from outdial.client.cli.failing import Failed
from outdial.client.cli.target import LOCAL_URL, target
from outdial.runtime.exits import Exit

NAMED = {"OUTDIAL_TOKEN": "from-env"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_option_wins_over_the_environment() -> None:
    assert target("http://a:1", None, {"OUTDIAL_URL": "http://b:2"}).url == "http://a:1"


def test_the_environment_wins_over_a_local_installation(tmp_path: Path) -> None:
    remember(tmp_path / ".outdial", "http://127.0.0.1:9999")
    assert target(None, None, {"OUTDIAL_URL": "http://b:2/"}).url == "http://b:2"


def test_the_running_installation_of_the_checkout_is_found(tmp_path: Path) -> None:
    remember(tmp_path / ".outdial", "http://127.0.0.1:8081\n")
    found = target(None, None, {})
    assert found.url == "http://127.0.0.1:8081"
    assert ".outdial" in found.found


def test_the_data_folder_that_is_set_is_the_only_one_looked_at(tmp_path: Path) -> None:
    remember(tmp_path / ".outdial", "http://127.0.0.1:8081")
    remember(tmp_path / "other", "http://127.0.0.1:8082")
    assert target(None, None, {"OUTDIAL_DATA": str(tmp_path / "other")}).url == "http://127.0.0.1:8082"


def test_outside_a_checkout_the_xdg_folder_is_looked_at(tmp_path: Path) -> None:
    remember(tmp_path / "xdg" / "outdial", "http://127.0.0.1:8083")
    assert target(None, None, {"XDG_DATA_HOME": str(tmp_path / "xdg")}).url == "http://127.0.0.1:8083"


def test_without_anything_it_is_the_default_address() -> None:
    assert target(None, None, {}).url == LOCAL_URL


@pytest.mark.parametrize("wrong", ["localhost:8080", "ftp://x", "http://"])
def test_an_address_that_is_none_is_a_usage_error_that_names_where_it_came_from(wrong: str) -> None:
    with pytest.raises(Failed, match="OUTDIAL_URL") as failure:
        target(None, None, {"OUTDIAL_URL": wrong})
    assert failure.value.code == Exit.USAGE


def test_a_token_comes_from_option_environment_or_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    env = {"OUTDIAL_TOKEN_FILE": str(file)}
    chosen = [
        target(None, option, env | more).token
        for option, more in ((None, {}), (None, NAMED), ("given", NAMED))
    ]
    assert chosen == ["from-file", "from-env", "given"]


def test_a_token_file_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(Failed, match="OUTDIAL_TOKEN_FILE") as failure:
        target(None, None, {"OUTDIAL_TOKEN_FILE": "/nowhere/token"})
    assert failure.value.code == Exit.USAGE


def test_a_loopback_address_asks_no_proxy() -> None:
    assert target("http://127.0.0.1:1", None, {}).is_local
    assert not target("http://outdial.example:1", None, {}).is_local


def remember(folder: Path, url: str) -> None:
    folder.mkdir(parents=True)
    (folder / "url").write_text(url)
