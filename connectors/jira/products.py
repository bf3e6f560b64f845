"""What differs between Jira Cloud and Jira Data Center before a single issue is read: paths, credential, words of advice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Deployment = Literal["cloud", "datacenter"]
DEPLOYMENTS: tuple[Deployment, ...] = ("cloud", "datacenter")


@dataclass(frozen=True, slots=True)
class Product:
    """One of the two. ``caller`` is the header of each answer that says who was answered; ``nobody`` its word for a stranger."""

    name: str
    version: str
    """Of the REST API, as it stands in paths."""
    search: str
    posts: tuple[str, ...]
    """Reading POSTs, as paths below the API."""
    needs_user: bool
    caller: str
    nobody: str
    credential: str
    """What the credential is made of, for a source that lacks a part."""
    new_token: str
    """What to do about a refused credential."""
    lost: str
    """What to do about an endpoint that is not there."""


CLOUD = Product(
    name="Jira Cloud",
    version="3",
    search="search/jql",
    posts=("search/jql", "issue/bulkfetch"),
    needs_user=True,
    caller="X-AAccountId",
    nobody="",
    credential="user is the account's mail address, token an API token",
    new_token="Check that `user` in config.toml is the account that the token belongs to; else make a new token: they end "
    'after a year. For Jira Data Center set deployment = "datacenter".',
    lost='check url (https://NAME.atlassian.net); for Jira Data Center set deployment = "datacenter"',
)
DATA_CENTER = Product(
    name="Jira Data Center",
    version="2",
    search="search",
    posts=(),
    needs_user=False,
    caller="X-AUSERNAME",
    nobody="anonymous",
    credential="token is a personal access token; a user is not needed",
    new_token="Make a new personal access token (Jira: Profile, Personal Access Tokens; from version 8.14 on): they end on the "
    "day that was chosen for them, and an administrator may revoke them.",
    lost="check url: it ends in the context path where Jira has one (https://jira.example/jira)",
)
"""``X-AUSERNAME`` is "either username of the authenticated user or 'anonymous'" (Jira Data Center 10.3 description)."""
