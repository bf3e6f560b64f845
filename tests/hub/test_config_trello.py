"""``[source.NAME]`` of Trello in ``config.toml``: the key beside the token, and that neither is ever shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Secret
from hub.config import Config, load_config
from hub.errors import ConfigError
from hub.log import redactor
from hub.log.redactor import redact

KEY, TOKEN = "ab12" * 8, "ATTAtoken0123456789"
URL = 'url = "https://api.trello.com/1"'
USER = f'user = "{KEY}"'


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(redactor, "_registered", set())
    yield


@pytest.fixture
def configured(tmp_path: Path) -> Any:
    def configured(*lines: str) -> Config:
        path = tmp_path / "config.toml"
        path.write_text("\n".join(('[source.trello]\nkind = "trello"', *lines)) + "\n", "utf-8")
        return load_config(path, {"ANCHORLINE_TRELLO__TOKEN": TOKEN})

    return configured


def problems(configured: Any, *lines: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        configured(*lines)
    return [str(problem) for problem in caught.value.problems if not problem.warning]


def test_a_source_with_its_key_boards_and_options(configured: Any) -> None:
    config = configured(URL, USER, 'boards = ["Growth", "dQHqCohZ"]', 'estimate = "Points"', "history = false")
    settings = config.settings("trello")
    assert (settings.user, settings.token, settings.partitions) == (KEY, Secret(TOKEN), ("Growth", "dQHqCohZ"))
    assert settings.options == {"estimate": "Points", "history": False}
    assert config.sources["trello"].work


def test_the_key_is_asked_for_as_such_and_told_from_a_mail_address(configured: Any) -> None:
    (missing,) = problems(configured, URL)
    assert "API key" in missing and "mail" not in missing
    (wrong,) = problems(configured, URL, 'user = "someone@example.com"')
    assert "API key of your Power-Up" in wrong
    (people,) = problems(configured, 'url = "https://trello.com"', USER)
    assert "https://api.trello.com/1" in people


def test_the_key_in_the_wrong_place_is_not_repeated(configured: Any) -> None:
    for line in (f'api_key = "{KEY}"', f'key = "{KEY}"'):
        told = problems(configured, URL, USER, line)
        assert told and not any(KEY in text for text in told)


@pytest.mark.parametrize(
    "form",
    [
        'Authorization: OAuth oauth_consumer_key="{key}", oauth_token="{token}"',
        "OAuth oauth_consumer_key=\"{key}\", oauth_token='{token}'",
        "GET https://api.trello.com/1/members/me?key={key}&token={token}&fields=id",
        "{{'authorization': 'OAuth oauth_consumer_key=\"{key}\", oauth_token=\"{token}\"'}}",
    ],
)
def test_both_forms_of_the_credential_are_hidden_though_nobody_named_it(form: str) -> None:
    shown = redact(form.format(key=KEY, token=TOKEN))
    assert KEY not in shown and TOKEN not in shown


def test_the_key_is_hidden_wherever_it_stands_once_it_was_read(configured: Any) -> None:
    assert KEY in redact(f"the text {KEY} of somebody")
    configured(URL, USER)
    assert KEY not in redact(f"the text {KEY} of somebody")
