"""What an administrator of a Jira site is asked for, of Cloud and of Data Center.

Scopes are those that Atlassian's own descriptions of the endpoints name (REST v3 and Agile 1.0). Agile has no classic ones.
"""

from __future__ import annotations

from connectors.base import Access

EXPIRY = "Jira Cloud does not say when an API token ends, a year after it was made at the latest; put the day into a calendar."

ACCESS = Access(
    account=(
        "A service account (admin.atlassian.com: Directory, Service accounts), or a managed account that no person logs in with",
        "Access to the product Jira on this site; no administrator's role, and no group beyond that",
    ),
    rights=(
        "The project permission Browse projects on {partitions}",
        "Where a project uses issue security: the security levels whose issues shall count; issues of others are simply not seen",
        "Permission to view the boards of these projects; without it sprints have no names, and everything else works",
        "Nothing else: no permission to create, edit, comment, transition or administer",
    ),
    scopes=(
        (
            "Classic, plus the granular ones for sprints, which have no classic form",
            (
                "read:jira-work",
                "read:jira-user",
                "read:board-scope:jira-software",
                "read:project:jira",
                "read:sprint:jira-software",
            ),
        ),
        (
            "Granular only",
            (
                "read:application-role:jira",
                "read:audit-log:jira",
                "read:avatar:jira",
                "read:board-scope:jira-software",
                "read:field-configuration:jira",
                "read:field:jira",
                "read:group:jira",
                "read:issue-details:jira",
                "read:issue-meta:jira",
                "read:issue-security-level:jira",
                "read:issue-type-hierarchy:jira",
                "read:issue-type:jira",
                "read:issue.changelog:jira",
                "read:issue.vote:jira",
                "read:issue:jira",
                "read:project-category:jira",
                "read:project-version:jira",
                "read:project.component:jira",
                "read:project.property:jira",
                "read:project:jira",
                "read:sprint:jira-software",
                "read:status:jira",
                "read:user:jira",
            ),
        ),
        (
            'With either set, only where no field is named "Story Points", to learn which field the boards estimate with',
            ("read:board-scope.admin:jira-software",),
        ),
    ),
    reads=(
        "Issues: key, title, type, status, resolution, parent, project, labels, components, sprints, links, estimate, the "
        "account id of the assignee (no name, no mail address), and the dates created, updated, due and resolved",
        "Further fields of issues, only where our configuration names them",
        "The lists of projects, statuses, issue types, fields, boards and sprints",
        "Once, while we set up: the choice, label and number fields of a sample of issues, to find those that hold teams, goals "
        "and estimates; only names and most frequent values of the fields that we choose are kept, in our configuration",
    ),
    leaves=("descriptions, comments, attachments, worklogs and histories",),
    token=(
        "An API token of that account. It ends after a year at the latest; please tell us the day",
        "Before that day: make a second token, give it to us, revoke the first one once we say that the new one works",
        "A token with scopes works through the address https://api.atlassian.com/ex/jira/CLOUD-ID; please tell us the cloud id "
        "(it stands at https://YOUR-SITE/_edge/tenant_info)",
    ),
)

DATA_CENTER_EXPIRY = (
    "Jira Data Center shows the day under Profile, Personal Access Tokens, to the account alone; put it into a calendar."
)

DATA_CENTER_ACCESS = Access(
    account=(
        "An account of its own in the user directory, that no person logs in with",
        "Application access to Jira Software (it takes a licence seat); no administrator's role, and no group beyond that",
        "No captcha or second factor in the way of its token, and no limit on requests below 5 a second, where you set one",
    ),
    rights=(
        "The project permission Browse Projects on {partitions}",
        "Where a project uses issue security: the security levels whose issues shall count; issues of others are simply not seen",
        "Permission to view the boards of these projects; without it sprints are read from the issues, and everything else works",
        "Nothing else: no permission to create, edit, comment, transition or administer",
    ),
    reads=(
        "Issues: key, title, type, status, resolution, epic, parent, project, labels, components, sprints, links, estimate, the "
        "user key of the assignee (no name, no mail address), and the dates created, updated, due and resolved",
        "Further fields of issues, only where our configuration names them",
        "The lists of projects, statuses, issue types, fields, boards and sprints",
        "Once, while we set up: the choice, label and number fields of a sample of issues, to find those that hold teams, goals "
        "and estimates; only names and most frequent values of the fields that we choose are kept, in our configuration",
    ),
    leaves=("descriptions, comments, attachments, worklogs and histories",),
    token=(
        "A personal access token of that account (Profile, Personal Access Tokens; Jira 8.14 or later). It carries the account's "
        "rights and no others, and only GET requests are sent with it",
        "Please tell us the day on which it ends. Before that day: make a second token, give it to us, revoke the first one once "
        "we say that the new one works",
        "Please tell us the address that the REST API answers under, with the context path where there is one "
        "(https://jira.example/jira), and whether a sign-on page or proxy stands in front of it: /rest/ has to be open to "
        "requests with the token",
    ),
)
