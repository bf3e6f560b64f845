"""A small strategy that test files can be judged against."""

STRATEGY = """\
[cycle]
2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }

[pillar]
enterprise = { name = "Win the enterprise", owner = "cro" }

[allowance]
ktlo = { name = "Keep the lights on" }

[[team]]
id = "identity"
lead = "sven"
owns.field.team = "Identity"

[[objective]]
id = "land"
cycle = "2026-q4"
anchor.pillar = "enterprise"
[[key_result]]
id = "sso"
objective = "land"
kind = "completion"
[[key_result]]
id = "soc2"
objective = "land"
kind = "completion"

[[rule]]
name = "label"
when.label = "kr:{key_result}"
to = "{key_result}"
[[rule]]
name = "identity"
when.project = "IDN"
when.component = ["Login", "Audit"]
to = "sso"
[[rule]]
name = "audit"
when.project = "IDN"
when.component = "Audit"
to = "soc2"
[[rule]]
when.project = "ITSD"
ignore = "requests"
"""
