"""What the hub writes down about itself: structured lines without secrets.

    log = get("hub.sync")                                       # hub.log.lines
    with bound(source="jira", run_id=7):
        log.info("page_stored", page=3, duration_ms=41)         # event names are stable, the rest are fields

``lines.configure`` decides once per process where lines go and how they look. ``redactor.redact`` is the one way by which a
text loses its secrets: messages, crash files and lines all use it. ``runs.RunLines`` writes what a run tells.
"""
