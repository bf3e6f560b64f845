"""The contract between the outside world and the hub: frozen values, one abstract class, one family of errors.

A connector turns a vendor's answers into the values below and decides nothing about their meaning: words, numbers and
identifiers stay the vendor's own. Adding a kind is one module that defines ``KIND = Kind(...)``; see
``docs/adding-a-connector.md``.

    vendor --HTTP--> Io (limits, retry, deadline, caps, guards) --> Connector --> Page(items, ..., resume, end) --> hub
"""

from connectors.base.errors import (
    AccessLost,
    AuthError,
    BadData,
    CursorExpired,
    EndpointGone,
    Misconfigured,
    QuotaExhausted,
    RateLimited,
    SourceError,
    Unavailable,
)
from connectors.base.interface import Connector, Io, checked
from connectors.base.kind import Access, Kind, Option, SettingFault
from connectors.base.settings import IoSettings, Secret, SourceSettings
from connectors.base.values import (
    ARCHIVED,
    Account,
    Dimension,
    Fetched,
    Gone,
    MetricValue,
    Page,
    Partition,
    Rejected,
    Seen,
    WorkItem,
)

__all__ = [
    "ARCHIVED",
    "Access",
    "AccessLost",
    "Account",
    "AuthError",
    "BadData",
    "Connector",
    "CursorExpired",
    "Dimension",
    "EndpointGone",
    "Fetched",
    "Gone",
    "Io",
    "IoSettings",
    "Kind",
    "MetricValue",
    "Misconfigured",
    "Option",
    "Page",
    "Partition",
    "QuotaExhausted",
    "RateLimited",
    "Rejected",
    "Secret",
    "Seen",
    "SettingFault",
    "SourceError",
    "SourceSettings",
    "Unavailable",
    "WorkItem",
    "checked",
]
