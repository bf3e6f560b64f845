"""When sources are read. Pure but for ``timers``: schedules, the stored beginnings of runs and an instant go in, what is due
comes out. What was run is known from the database alone, so a restart, a sleep or a clock that jumps cannot run a night twice.

    days.py: the instant of a night      verdict.py: what is due, missed and next      timers.py: waking up for it
"""

from hub.scheduler.days import fires
from hub.scheduler.timers import Timers
from hub.scheduler.verdict import HORIZON, RETRY, Due, Latest, Starts, Verdict, judge

__all__ = ["HORIZON", "RETRY", "Due", "Latest", "Starts", "Timers", "Verdict", "fires", "judge"]
