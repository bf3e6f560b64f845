"""What whoever keeps a sheet is asked for."""

from __future__ import annotations

from connectors.base import Access

EXPIRY = "A Google service account's key ends when somebody deletes it, a file server's token when its administrator says so."

ACCESS = Access(
    account=(
        "For a file on this machine: none; the user that runs Anchorline must be able to read it",
        "For a file by https: none, a bearer token, or a user with a password for exactly this address",
        "For a Google Sheet: a service account in any Google Cloud project with the Google Sheets API enabled",
    ),
    rights=(
        "To read the file, or for a Google Sheet the role Viewer on that one sheet, by sharing it with the account's address",
        "Nothing else: no right to edit or share it",
    ),
    scopes=(("For a Google Sheet", ("https://www.googleapis.com/auth/spreadsheets.readonly",)),),
    reads=(
        "The columns that our configuration names, of the sheets {partitions}; other columns are looked at by their header only",
    ),
    leaves=("comments, earlier versions, macros, external links and what hidden sheets hold, unless one is named",),
    token=(
        "For a Google Sheet: the JSON key of that service account, as one file",
        "Before it is replaced: make a second key, give it to us, delete the first one once we say that the new one works",
    ),
)
