"""`python -m hub.sandbox jira` or `trello`: start a stand-in; it prints one line of JSON when it is ready."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from hub.sandbox import catalog, company, datacenter_lists
from hub.sandbox.answers import ME
from hub.sandbox.history import History
from hub.sandbox.site import Site


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m hub.sandbox", description=__doc__)
    parser.add_argument("vendor", choices=["jira", "trello"])
    parser.add_argument("--deployment", choices=["cloud", "datacenter"], default="cloud", help="whose API the site speaks")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--issues", type=int, default=1500)
    parser.add_argument(
        "--cards", type=int, default=320, help="of Trello; --issues is then the size of the Jira site that cards name"
    )
    parser.add_argument("--today", type=date.fromisoformat, help="the company's today (if not said: the real one)")
    parser.add_argument("--load", type=Path, metavar="FOLDER", help="serve recorded payloads instead of the generated company")
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="added to every answer")
    parser.add_argument("--page-limit", type=int, default=0, metavar="N", help="at most N rows a page")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="requests per second, endpoint and method; then 429")
    parser.add_argument("--limit-wait", type=int, default=1, metavar="S", help="the Retry-After of that 429")
    parser.add_argument("--user", help="the account; of Trello the API key")
    parser.add_argument("--token", default="demo-token")
    parser.add_argument("--ticking", action="store_true", help="the sandbox's clock runs; if not said it stands still")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when the parent closes our stdin or dies")
    return parser


def _now() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def main() -> int:
    """Read the command line and serve."""
    args = arguments().parse_args()
    # Noon of a given day keeps every answer the same on every run; without one the clock begins at the real time.
    start = company.epoch_ms(args.today) + company.DAY_MS // 2 if args.today else _now()
    today: date = args.today or datetime.now(UTC).date()

    if args.vendor == "trello":
        return _trello(args, start, today)

    def build() -> Site:
        if args.load:
            from hub.sandbox import recordings

            site = recordings.load(args.load, start)
            site.catalog.deployment = args.deployment
            return site
        lists = datacenter_lists if args.deployment == "datacenter" else catalog
        began = start if args.today or not args.ticking else _now()  # a clock that runs keeps to the real time after a reset
        return Site(lists.generated(today), History(args.seed, args.issues, today), now=began)

    from hub.sandbox.answers import Settings
    from hub.sandbox.server import serve

    settings = Settings(
        user=args.user or Settings.user,
        token=args.token,
        page_limit=args.page_limit,
        latency=args.latency / 1000,
        limit=args.limit,
        limit_wait=args.limit_wait,
    )
    if args.deployment == "datacenter":
        settings.account = datacenter_lists.user_key(ME)
    serve(build, settings, args.port, args.ticking, args.until_stdin_closes)
    return 0


def _trello(args: argparse.Namespace, start: int, today: date) -> int:
    from hub.sandbox import trello_company, trello_recordings
    from hub.sandbox.server import Vendor, serve
    from hub.sandbox.trello import TrelloApi, TrelloSettings
    from hub.sandbox.trello_limits import TrelloLimiter
    from hub.sandbox.trello_site import TrelloSite

    def build() -> TrelloSite:
        if args.load:
            return trello_recordings.load(args.load, start)
        return trello_company.generated(args.seed, args.cards, args.issues, today, start)

    settings = TrelloSettings(
        user=args.user or TrelloSettings.user,
        token=args.token,
        page_limit=args.page_limit,
        latency=args.latency / 1000,
        limit=args.limit,
    )
    serve(build, settings, args.port, args.ticking, args.until_stdin_closes, Vendor(TrelloApi, TrelloLimiter))
    return 0


if __name__ == "__main__":
    sys.exit(main())
