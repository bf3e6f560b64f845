"""What an administrator of a Trello workspace is asked for. Scopes are those of Trello's page on authorization."""

from __future__ import annotations

from connectors.base import Access

EXPIRY = (
    "Trello tells no one when a token ends without the token in an address, so it is not asked; "
    "put the day into a calendar, or grant the token with expiration=never."
)

ACCESS = Access(
    account=(
        "A Trello account of its own, that no person logs in with, as a member of the workspace; observer or normal member, "
        "no administrator's role",
        "An API key: it belongs to a Power-Up that somebody makes at https://trello.com/power-ups/admin; the Power-Up need not "
        "be published or added to any board",
    ),
    rights=(
        "Membership of {partitions}; on paid plans an observer is enough",
        "Nothing else: no right to add cards, comments or members, and for the token no scope but read",
    ),
    reads=(
        "Boards: name, whether it is closed; lists, labels, definitions of custom fields",
        "Cards: name, list, labels, ids of members (no name, no mail address), due date, whether it is done or archived, counts "
        "of checklist items, addresses of links that are attached, and the dates created and last active",
        "Moves of cards between lists, with their dates, for done dates",
        "Custom fields and checklists, only where our configuration names them",
    ),
    leaves=("descriptions, comments, attached files, covers, votes, and the addresses to which cards can be mailed",),
    token=(
        "Log in as that account and open https://trello.com/1/authorize?expiration=never&scope=read&response_type=token&"
        "name=Anchorline&key=API-KEY; without expiration=never a token lives for 30 days",
        "The API key goes into our configuration as `user`, the token into the environment; both are sent in a header, never in "
        "an address",
        "To replace it: make a second token the same way, give it to us, revoke the first one under the account's settings once "
        "we say that the new one works",
    ),
)
