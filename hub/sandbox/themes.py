"""The words of the sandbox company: what its epics are about and how its tickets are called.

Pure data. A theme is one kind of epic; its stories are every pattern combined with every object, so that titles read
like real work and still number in the hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product


@dataclass(frozen=True)
class Theme:
    """One kind of epic: the key result it serves (if any), its component and its vocabulary."""

    name: str
    epics: tuple[str, ...]
    patterns: tuple[str, ...]
    objects: tuple[str, ...]
    bugs: tuple[str, ...]
    kr: str = ""
    component: str = ""
    bug_patterns: tuple[str, ...] = ("Error 500 with {x}", "Regression with {x}", "{x}: wrong text after the last release")
    stories: tuple[str, ...] = field(init=False, default=())
    faults: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "stories", self._titles(self.patterns))
        object.__setattr__(self, "faults", self.bugs * 3 + self._titles(self.bug_patterns))

    def _titles(self, patterns: tuple[str, ...]) -> tuple[str, ...]:
        titles = (pattern.format(x=x) for x, pattern in product(self.objects, patterns))
        return tuple(title[0].upper() + title[1:] for title in titles)


SUBTASKS = (
    "Write the migration",
    "Add metrics and an alert",
    "Update the help article",
    "Design review",
    "Unit tests for edge cases",
    "Feature flag and rollout plan",
    "API contract",
    "Translate strings",
    "Accessibility pass",
    "Load test on staging",
    "Clean up after rollout",
    "Security review",
    "Instrument events",
    "Remove the old code path",
    "Demo for support",
)

SUFFIXES = (
    " for EU tenants",
    " behind a feature flag",
    " in the admin console",
    " for trial workspaces",
    ", second part",
    " on small screens",
    " for API clients",
    " when offline",
    " for archived projects",
    " after the beta feedback",
)

HOSTILE = (
    '=HYPERLINK("http://phish.example","Quarterly figures")',
    "<script>alert('release notes')</script> shows up as text",
    "🚀 Launch checklist 🧪 before the 👩🏽‍💻 review",
    "\u202eezis egap eht xiF\u202c in the export dialog",
    "שיפור יישור לימין בטבלאות – right-to-left tables",
    "Robert'); DROP TABLE invoices;-- as a customer name",
    "+cmd|' /C calc'!A0 arrives in the CSV import",
    "Zero\u200bwidth and combining Z͑ͫ̓ͪ in names, “smart” quotes & <b>tags</b>",
)

# fmt: off
# --- work that names its key result --------------------------------------------------------------------------------

KR_THEMES = {
    "sso": Theme(
        "sso", kr="sso", component="SSO",
        epics=("SAML single sign-on for enterprise plans", "SCIM provisioning", "Just-in-time accounts through SAML",
               "Directory groups to roles", "SAML certificate rollover"),
        patterns=("Connect {x} as identity provider", "Setup guide for {x}", "Map attributes from {x}",
                  "Test harness for {x} logins",
                  "Deprovision users removed in {x}", "Clear error page when {x} refuses a login"),
        objects=("Okta", "Entra ID", "Google Workspace", "OneLogin", "Ping", "JumpCloud", "a generic SAML provider"),
        bugs=("Login loop when the SAML assertion has no email", "SCIM PATCH with an empty group answers 500",
              "Clock skew of two minutes breaks single sign-on",
              "Users with a plus sign in the address are provisioned twice"),
    ),
    "soc2": Theme(
        "soc2", kr="soc2", component="Compliance",
        epics=("SOC 2: access reviews", "SOC 2: change management evidence", "Encrypt backups with our own keys",
               "Vendor risk register"),
        patterns=("Collect evidence for {x}", "Automate the review of {x}", "Policy for {x}", "Alert on exceptions in {x}"),
        objects=("production access", "offboarding", "laptop encryption", "code review", "backup restores",
                 "incident response", "secrets"),
        bugs=("Access review mail lists people who left", "Evidence export misses pull requests merged by bots"),
    ),
    "audit-log": Theme(
        "audit-log", kr="audit-log", component="Audit",
        epics=("Audit log for workspace admins", "Stream audit events to a SIEM", "Audit log retention by plan"),
        patterns=("Record {x} in the audit log", "Filter the audit log by {x}", "Export {x} events", "Show who changed {x}"),
        objects=("role changes", "API keys", "sharing links", "billing details", "login failures", "data exports",
                 "deleted dashboards"),
        bugs=("Audit entries appear in the browser's time zone only", "Audit export stops at 10,000 rows"),
    ),
    "invoicing": Theme(
        "invoicing", kr="invoicing", component="Invoicing",
        epics=("Pay by invoice and purchase order", "E-invoicing for Germany and Italy",
               "Dunning that respects net terms", "Credit notes"),
        patterns=("Put {x} on the invoice", "Validate {x} at checkout", "Send {x} to the ledger", "Let finance correct {x}"),
        objects=("the purchase order number", "the VAT id", "net 60 terms", "the legal entity", "reverse charge",
                 "a second billing contact"),
        bugs=("Invoice PDF cuts long company names", "Rounding differs by a cent between PDF and ledger",
              "VAT check times out at month end"),
    ),
    "usage-billing": Theme(
        "usage-billing", kr="usage-billing", component="Metering",
        epics=("Usage-based plans", "Metering pipeline", "Usage alerts for customers", "Price experiments for API calls"),
        patterns=("Meter {x}", "Show {x} on the usage page", "Warn at 80 % of {x}", "Rate card for {x}",
                  "Backfill {x} for existing customers"),
        objects=("API calls", "automation runs", "stored rows", "active viewers", "exports", "webhook deliveries"),
        bugs=("Usage graph double counts retried calls", "Usage mail goes to former admins"),
    ),
    "activation": Theme(
        "activation", kr="activation", component="Onboarding",
        epics=("First-run checklist", "Invite teammates in the first session", "Rework of the sign-up flow",
               "Onboarding e-mails by role"),
        patterns=("Experiment: {x}", "Show {x} on the checklist", "Measure drop-off at {x}", "Shorter copy for {x}",
                  "Skip {x} for invited users"),
        objects=("the workspace name step", "inviting teammates", "connecting a data source", "the sample project",
                 "the product tour",
                 "choosing a plan"),
        bugs=("Checklist returns after it was dismissed", "Invite mail lands in spam at Outlook customers",
              "Sign-up fails with an apostrophe"),
    ),
    "time-to-value": Theme(
        "time-to-value", kr="time-to-value", component="Onboarding",
        epics=("First report in ten minutes", "Import wizard", "Guess column types on import"),
        patterns=("Import from {x}", "Detect headers in {x}", "Progress bar while loading {x}", "Undo an import from {x}"),
        objects=("a CSV file", "Google Sheets", "Excel with several tabs", "a PostgreSQL table", "Airtable",
                 "a pasted table"),
        bugs=("Import of semicolon files shows one column", "Dates before 1970 are shifted by a day on import"),
    ),
    "templates": Theme(
        "templates", kr="templates", component="Templates",
        epics=("Template gallery", "Templates made by customers", "Start a workspace from a template"),
        patterns=("Template for {x}", "Preview of the {x} template", "Sample data for {x}", "Rank {x} templates by use"),
        objects=("sales pipelines", "field service", "marketing calendars", "support queues", "quarterly planning",
                 "inventory"),
        bugs=("Template copy loses colours", "Gallery search ignores the plural"),
    ),
    "mobile-wau": Theme(
        "mobile-wau", kr="mobile-wau", component="App",
        epics=("Approve from the phone", "Home screen widgets", "Push notifications people want",
               "Offline mode for checklists"),
        patterns=("{x} on Android", "{x} on iOS", "Deep link to {x}", "Empty state for {x}"),
        objects=("Approvals", "The today view", "Comments", "Photo upload", "Shared checklists", "Quick add"),
        bugs=("Badge counts stay after reading", "Push arrives twice on tablets", "Widget shows yesterday's tasks"),
    ),
    "crash-free": Theme(
        "crash-free", kr="crash-free", component="Stability",
        epics=("Crash-free sessions above 99.8 %", "Memory budget on old Android phones", "Move sync to a background queue"),
        patterns=("Fix the crash in {x}", "Reduce memory of {x}", "Watchdog for {x}", "Regression test for {x}"),
        objects=("the photo viewer", "sync after airplane mode", "the calendar", "large comment threads",
                 "the login web view"),
        bugs=("Crash on rotating during upload", "App hangs after restoring from backup",
              "Out of memory in boards with 2,000 cards"),
    ),
    "p95-latency": Theme(
        "p95-latency", kr="p95-latency", component="Performance",
        epics=("API p95 under 200 ms", "Read replicas for reporting queries", "Cache permissions per request"),
        patterns=("Profile {x}", "Index for {x}", "Cache {x}", "Move {x} off the request path", "Latency budget for {x}"),
        objects=("the search endpoint", "board loading", "permission checks", "webhook fan-out", "the activity feed",
                 "bulk updates"),
        bugs=("Search times out for tenants above 5 million rows", "Cold cache after every deploy doubles latency"),
    ),
    "cost-per-tenant": Theme(
        "cost-per-tenant", kr="cost-per-tenant", component="Cost",
        epics=("Cut cost per tenant by 30 %", "Right-size the job workers", "Archive cold attachments"),
        patterns=("Report the cost of {x}", "Spot instances for {x}", "Scale {x} to zero at night", "Compress {x}"),
        objects=("preview environments", "thumbnail workers", "attachment storage", "log retention", "the staging cluster"),
        bugs=("Idle workers never scale down after a deploy", "Lifecycle rule deletes thumbnails too early"),
    ),
    "data-freshness": Theme(
        "data-freshness", kr="data-freshness", component="Pipeline",
        epics=("Dashboards fresh within five minutes", "Incremental models", "Freshness badge on every chart"),
        patterns=("Stream {x}", "Incremental load of {x}", "Late data policy for {x}", "Freshness check for {x}"),
        objects=("work item events", "billing events", "the account model", "usage aggregates", "the funnel model",
                 "seat counts"),
        bugs=("Dashboard shows the day before after midnight UTC", "Late events are dropped at the partition border"),
    ),
    "integrations": Theme(
        "integrations", kr="integrations", component="Connectors",
        epics=("Twenty certified integrations", "Integration directory", "Partner review programme", "Self-service webhooks"),
        patterns=("{x} connector: read", "{x} connector: write back", "Certify the {x} connector", "Retry policy for {x}",
                  "Docs for {x}"),
        objects=("Salesforce", "HubSpot", "Slack", "Microsoft Teams", "NetSuite", "Zendesk", "Snowflake"),
        bugs=("Connector stops after an expired token without a message", "Duplicate contacts after a retry"),
    ),
}

# --- work that names none ------------------------------------------------------------------------------------------

LOOSE_THEMES = {
    "escalations": Theme(
        "escalations", component="Customer requests",
        epics=("Promises to two large customers", "Escalations from the spring renewals",
               "Requests collected at the user day"),
        patterns=("Custom {x} for a key account", "One-off {x}", "Explain {x} to the customer", "Workaround for {x}"),
        objects=("field on the export", "report layout", "e-mail footer", "holiday calendar", "permission scheme",
                 "data fix"),
        bugs=("Customer sees an old logo in mails", "Export differs from the screen for one account"),
    ),
    "redesign": Theme(
        "redesign", component="UI",
        epics=("New navigation", "Design system 3", "Dark mode", "Settings pages redesign"),
        patterns=("Move {x} to the new components", "Dark colours for {x}", "Icons for {x}", "Keyboard use of {x}"),
        objects=("the sidebar", "filters", "date pickers", "tables", "dialogs", "the profile page", "notifications"),
        bugs=("Focus ring missing in dialogs", "Dropdown opens outside the screen"),
    ),
    "techdebt": Theme(
        "techdebt", component="Tech debt",
        epics=("Leave the old template engine", "Split the monolith's job module", "One test runner", "Typed API client"),
        patterns=("Port {x}", "Delete dead code in {x}", "Types for {x}", "Flaky tests in {x}", "Upgrade libraries of {x}"),
        objects=("the mailer", "the importer", "the permission module", "the PDF service", "the scheduler", "the public API"),
        bugs=("Nightly build fails on leap days", "Warnings flood the test log"),
    ),
    "ideas": Theme(
        "ideas", component="Labs",
        epics=("Assistant prototype", "Hack week leftovers", "Customer portal study"),
        patterns=("Spike: {x}", "Prototype {x}", "Interview notes on {x}", "Compare vendors for {x}"),
        objects=("summaries of threads", "voice notes", "forecast charts", "natural language filters", "a public roadmap"),
        bugs=("Prototype answers in the wrong language",),
    ),
    "localisation": Theme(
        "localisation", component="Localisation",
        epics=("Portuguese and Polish", "Number and date formats everywhere"),
        patterns=("Translate {x}", "Review wording of {x}", "Plural forms in {x}"),
        objects=("the help centre", "mails", "the billing pages", "onboarding", "error messages"),
        bugs=("Polish plural shows the key", "Week starts on Sunday for French users"),
    ),
}

# --- running the business ------------------------------------------------------------------------------------------

UPKEEP_THEMES = {
    "upgrades": Theme(
        "upgrades", component="Infrastructure",
        epics=("Quarterly upgrades", "Kubernetes 1.33", "PostgreSQL 17"),
        patterns=("Upgrade {x}", "Test the upgrade of {x}", "Rollback plan for {x}", "Patch {x}"),
        objects=("PostgreSQL", "Redis", "the ingress controllers", "base images", "Terraform providers",
                 "the message broker"),
        bugs=("Node pool drains too slowly", "Certificate renewal needs a manual restart"),
    ),
    "oncall": Theme(
        "oncall", component="Operations",
        epics=("On-call hygiene", "Follow-ups from incidents", "Alert review"),
        patterns=("Follow-up: {x}", "Runbook for {x}", "Silence noisy alert: {x}", "Dashboard for {x}"),
        objects=("queue backlog", "disk pressure", "mail delivery", "failed backups", "replica lag", "certificate expiry"),
        bugs=("Pager fires for staging", "Status page not updated during the incident"),
    ),
    "access": Theme(
        "access", component="Operations",
        epics=("Accounts, keys and access", "Regular rotations"),
        patterns=("Rotate {x}", "Renew {x}", "Grant access to {x}", "Remove unused {x}"),
        objects=("database passwords", "TLS certificates", "signing keys", "deploy tokens", "VPN profiles",
                 "service accounts"),
        bugs=("Rotation script skips the second region",),
    ),
}

SERVICE_DESK = Theme(
    "service-desk", component="", bug_patterns=(),
    epics=("Service desk",),
    patterns=("New laptop for {x}", "Access for {x}", "VPN does not connect: {x}", "Licence for {x}",
              "Meeting room screen: {x}",
              "Phishing mail reported by {x}", "Printer queue stuck: {x}"),
    objects=("a new hire in Sales", "the Lisbon office", "Customer Success", "Finance", "a contractor",
             "the Toronto office", "Marketing"),
    bugs=("Mail delayed by an hour", "Single sign-on to the wiki fails", "Wi-Fi drops in the canteen"),
)
