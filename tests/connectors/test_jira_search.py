"""The addresses at which Jira lists issues, for people."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.jira import KIND
from connectors.jira.search import LONGEST, search_urls


def test_one_address_lists_the_issues() -> None:
    assert search_urls("https://acme.atlassian.net/browse/IDN-3", ["IDN-3", "IDN-40"]) == (
        "https://acme.atlassian.net/issues/?jql=issuekey%20in%20(IDN-3,IDN-40)",
    )


def test_a_site_below_a_path_keeps_it() -> None:
    (url,) = search_urls("https://acme.example:8443/jira/browse/IDN-3", ["IDN-3"])
    assert url == "https://acme.example:8443/jira/issues/?jql=issuekey%20in%20(IDN-3)"


def test_many_keys_take_several_addresses_none_of_them_too_long() -> None:
    keys = [f"PROJECT-{n}" for n in range(2_000)]
    urls = search_urls("https://acme.atlassian.net/browse/PROJECT-1", keys)
    assert len(urls) > 1 and all(len(url) < LONGEST + 200 for url in urls)
    found = [parse_qs(urlsplit(url).query)["jql"][0].removeprefix("issuekey in (").removesuffix(")").split(",") for url in urls]
    assert [key for batch in found for key in batch] == keys


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("https://acme.example/servlet/IDN-3", ["IDN-3"]),
        ("https://acme.example/browse/IDN-3", []),
        ("https://acme.example/browse/IDN-3", ["IDN-3", 'x") or project = SECRET or issuekey in ("y']),
        ("javascript:alert(1)/browse/IDN-3", ["IDN-3"]),
    ],
)
def test_what_is_no_issue_has_no_address(url: str, keys: list[str]) -> None:
    assert search_urls(url, keys) == ()


def test_both_editions_have_it() -> None:
    assert KIND.search_urls is search_urls
    assert all(edition.search_urls is search_urls for edition in KIND.editions.values())
