"""``config.toml`` and the environment, turned into values: which sources there are, where the data lies, what is secret.

Secrets come from the environment only. A missing one is no problem of the file: ``Config.settings`` refuses to build the
settings of a source without it, so that ``check`` works where no secret is and ``sync`` does not start.
"""

from __future__ import annotations

from hub.config.fields import check_fields
from hub.config.load import load_config
from hub.config.settings import DaemonSettings, LogSettings, Schedule, WebSettings
from hub.config.values import Config, Source

__all__ = ["Config", "DaemonSettings", "LogSettings", "Schedule", "Source", "WebSettings", "check_fields", "load_config"]
