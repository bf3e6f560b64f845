"""What a database's administrator is asked for."""

from __future__ import annotations

from connectors.base import Access

EXPIRY = "Only PostgreSQL tells when a password ends (VALID UNTIL); for other databases put the day into a calendar."

ACCESS = Access(
    account=(
        "A role of its own for Anchorline that may log in, and is no member of another role, no superuser and no owner of tables",
        "The right to connect to the one database (GRANT CONNECT ON DATABASE)",
    ),
    rights=(
        "USAGE on the schema, and SELECT on exactly the tables or views that these queries read: {partitions}; "
        "a view made for the purpose is best, since it shows what is read and hides the rest",
        "Nothing else: no INSERT, UPDATE, DELETE, no right to create, no right to execute functions that change anything",
    ),
    scopes=(),
    reads=(
        "What the queries select, which our mapping files hold as text for everyone to review; each is run once a night, in a "
        "transaction that is read only, and ended after a set time",
        "The role's own name, and the end of its password",
    ),
    leaves=("everything that no query names",),
    token=(
        "A long random password for the role; it is kept in the environment of the machine that Anchorline runs on, "
        "in no file of the configuration",
        "A new password is set at the database and in the environment, in any order, between two nights",
    ),
)
