"""What every role gets from every page: one row for each, by GET and by POST.

`tests/radgame/test_permissions.py` asks them all; a page without a row fails there.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

LOGIN = 302
NEEDS_MAIL = {
    f"accounts:{name}": (404, 404, 404, 404, 404)
    for name in ("forgotten", "forgotten_sent", "new_password", "new_password_done", "verify")
}

FIGURES = ("classroom:figures", "classroom:items", "classroom:learner", "classroom:export")
FIGURES_OF_ANSWERS = ("classroom:item", "classroom:discuss", "classroom:learner_attempt")
FIGURE_ACTIONS = ("classroom:leave_out", "classroom:comment", "classroom:comments_seen")
READ_ONLY = (LOGIN, 405, 405, 405, 405)
WRITE_ONLY = READ_ONLY
PROVIDER = ("accounts:oidc", "accounts:oidc_back")
"""Where no identity provider is set up there is none; tests/accounts/test_oidc.py sets one up."""
PROVIDER_FORMS = ("accounts:oidc_connect", "accounts:oidc_disconnect")
OF_INSTRUCTORS = tuple(
    f"classroom:{name}"
    for name in (
        *("edit", "invitations", "sheet", "add_members", "member", "password", "key"),
        *("new_assignment", "assignment", "edit_assignment", "cases", "extra_time"),
    )
)
"""Pages of a class for who teaches it; for anybody else it does not exist."""

# For each page: what nobody, a trainee, an instructor, a curator and a superuser get by GET; the
# attempts and the series are the trainee's. 405 means that role may use it by another method.
READS = {
    "alive": (200, 200, 200, 200, 200),
    "ready": (200, 200, 200, 200, 200),
    "well": (503, 503, 503, 503, 503),  # no worker has answered in a test
    "metrics": (404, 404, 404, 404, 404),  # but for who brings the token
    "about_scoring": (302, 200, 200, 200, 200),
    "home": (302, 302, 302, 302, 302),
    "accounts:login": (200, 302, 302, 302, 302),
    "accounts:logout": (302, 405, 405, 405, 405),
    "accounts:sign_up": (404, 404, 404, 404, 404),
    "accounts:password": (302, 200, 200, 200, 200),
    "accounts:password_done": (302, 200, 200, 200, 200),
    **NEEDS_MAIL,
    "accounts:address": (302, 404, 404, 404, 404),
    "accounts:own": (302, 200, 200, 200, 200),
    "accounts:second_step_ask": (302, 302, 302, 302, 302),  # nobody gave a password before
    "accounts:second_step": (302, 403, 200, 200, 200),
    "accounts:second_step_change": WRITE_ONLY,
    **dict.fromkeys(PROVIDER, (404, 404, 404, 404, 404)),
    **dict.fromkeys(PROVIDER_FORMS, WRITE_ONLY),
    "accounts:export": (302, 405, 405, 405, 405),
    "accounts:erase": (302, 200, 403, 403, 403),
    "learning:home": (302, 200, 200, 200, 200),
    "learning:next": (302, 302, 302, 302, 302),
    "learning:start": (302, 405, 405, 405, 405),
    "learning:series": (302, 200, 404, 404, 404),
    "learning:onward": (302, 302, 404, 404, 404),
    "learning:end": (302, 405, 405, 405, 405),
    "learning:history": (302, 200, 200, 200, 200),
    "learning:progress": (302, 200, 200, 200, 200),
    "learning:own_figures": (302, 200, 200, 200, 200),
    "learning:endless": (302, 200, 200, 200, 200),
    "learning:endless_next": (302, 302, 302, 302, 302),  # to the page that says why none waits
    "learning:goals": (302, 200, 200, 200, 200),
    "learning:daily": (302, 200, 200, 200, 200),
    "learning:deck": (302, 405, 405, 405, 405),
    "learning:keep": (302, 405, 405, 405, 405),
    "learning:kept": (302, 200, 200, 200, 200),
    "learning:cards": (302, 200, 200, 200, 200),
    "drill:drills": (302, 200, 200, 200, 200),
    "drill:begin": (302, 405, 405, 405, 405),
    "drill:case": (302, 404, 404, 404, 404),  # a drill is begun, and no film opened in it
    "drill:attempt": (302, 200, 404, 404, 404),
    "drill:draft": (302, 200, 404, 404, 404),
    "drill:submit": (302, 405, 405, 405, 405),
    "drill:status": (302, 200, 404, 404, 404),
    "drill:result": (302, 409, 404, 404, 404),
    "drill:hint": (302, 405, 405, 405, 405),
    "drill:again": (302, 405, 405, 405, 405),
    "drill:behind": (302, 409, 404, 404, 404),
    "drill:layer": (302, 409, 404, 404, 404),
    "drill:ct": (302, 409, 404, 404, 404),
    "localize:case": (302, 200, 200, 200, 200),
    "localize:attempt": (302, 200, 404, 404, 404),
    "localize:draft": (302, 200, 404, 404, 404),
    "localize:submit": (302, 405, 405, 405, 405),
    "localize:status": (302, 200, 404, 404, 404),
    "localize:result": (302, 409, 404, 404, 404),
    "localize:truth_of_dataset": (302, 403, 403, 200, 200),
    "localize:hint": (302, 405, 405, 405, 405),
    "localize:again": (302, 405, 405, 405, 405),
    "localize:explain": (302, 405, 405, 405, 405),
    "localize:rate": (302, 405, 405, 405, 405),
    "localize:flag": (302, 405, 405, 405, 405),
    "localize:behind": (302, 409, 404, 404, 404),
    "localize:layer": (302, 409, 404, 404, 404),
    "localize:ct": (302, 409, 404, 404, 404),
    "localize:atlas": (302, 200, 200, 200, 200),
    "report:case": (302, 200, 200, 200, 200),
    "report:attempt": (302, 200, 404, 404, 404),
    "report:draft": (302, 200, 404, 404, 404),
    "report:submit": (302, 405, 405, 405, 405),
    "report:status": (302, 200, 404, 404, 404),
    "report:result": (302, 409, 404, 404, 404),
    "report:beside": (302, 409, 404, 404, 404),
    "report:behind": (302, 409, 404, 404, 404),
    "report:layer": (302, 409, 404, 404, 404),
    "report:ct": (302, 409, 404, 404, 404),
    "report:hint": (302, 405, 405, 405, 405),
    "report:again": (302, 405, 405, 405, 405),
    "report:contest": (302, 405, 405, 405, 405),
    "report:macros": (302, 200, 200, 200, 200),
    "cases:desk": (302, 403, 403, 200, 200),
    "cases:act": (302, 405, 405, 405, 405),
    "cases:labels": (302, 403, 403, 200, 200),
    "cases:doubts": (302, 403, 403, 200, 200),
    "cases:recipes": (302, 403, 403, 200, 200),
    "cases:changes": (302, 403, 403, 200, 200),
    "cases:uploads": (302, 403, 403, 200, 200),
    "cases:upload": (302, 403, 403, 200, 404),  # the curator's own
    **dict.fromkeys(
        tuple(f"cases:upload_{name}" for name in ("file", "finish", "answer", "act")), WRITE_ONLY
    ),
    "cases:answer_seen": WRITE_ONLY,
    "cases:detail": (302, 403, 200, 200, 200),
    "cases:curate": (302, 403, 403, 200, 200),
    "cases:second": (302, 403, 403, 200, 200),
    "cases:settle": (302, 403, 403, 302, 302),  # nothing waits to be settled
    "cases:lettering": (302, 403, 403, 200, 200),
    **dict.fromkeys(("cases:truth", "cases:checks", "cases:black_out"), WRITE_ONLY),
    **dict.fromkeys(("cases:merge", "cases:score_again", "cases:series"), WRITE_ONLY),
    "cases:set_status": (302, 405, 405, 405, 405),
    "cases:frame": (302, 200, 200, 200, 200),
    "cases:shown": (302, 200, 200, 200, 200),
    "cases:thumbnail": (302, 200, 200, 200, 200),
    "classroom:classes": (302, 200, 200, 200, 200),
    "classroom:create": (302, 403, 200, 403, 200),
    "classroom:code": (200, 200, 200, 200, 200),
    "classroom:join": (200, 302, 200, 200, 200),  # the trainee is in the class already
    "classroom:decline": (302, 405, 405, 405, 405),
    "classroom:seen_by": (302, 200, 200, 200, 200),
    "classroom:cohort": (302, 200, 200, 404, 200),
    "classroom:leave": (302, 405, 405, 405, 405),
    "classroom:compare": (302, 405, 405, 405, 405),
    "classroom:rank": WRITE_ONLY,
    **dict.fromkeys(OF_INSTRUCTORS, (302, 404, 200, 404, 200)),
    "classroom:archive": (302, 405, 405, 405, 405),
    "classroom:instructors": (302, 405, 405, 405, 405),
    "classroom:act": (302, 405, 405, 405, 405),
    "classroom:given": (302, 200, 404, 404, 404),
    **dict.fromkeys(FIGURES, (302, 404, 200, 404, 200)),
    # Nobody of the class has answered the case, and the trainee's attempt is not scored.
    **dict.fromkeys(FIGURES_OF_ANSWERS, (302, 404, 404, 404, 404)),
    **dict.fromkeys(FIGURE_ACTIONS, (302, 405, 405, 405, 405)),
}

# The same by POST with nothing in it, for the pages that take one: 302 to somewhere, 404, 409
# and 422 are what the owner gets for saying nothing, 403 and 404 what others get.
WRITES = {
    "alive": (200, 200, 200, 200, 200),
    "ready": (200, 200, 200, 200, 200),
    "well": (503, 503, 503, 503, 503),  # no worker has answered in a test
    "metrics": (404, 404, 404, 404, 404),
    "home": (302, 302, 302, 302, 302),
    "accounts:login": (200, 302, 302, 302, 302),
    "accounts:logout": (302, 302, 302, 302, 302),
    "accounts:sign_up": (404, 404, 404, 404, 404),
    "accounts:password": (302, 200, 200, 200, 200),
    **NEEDS_MAIL,
    "accounts:address": (302, 404, 404, 404, 404),
    "accounts:second_step_ask": (302, 302, 302, 302, 302),
    "accounts:second_step": (302, 403, 200, 200, 200),
    "accounts:second_step_change": (302, 403, 403, 403, 403),  # it is on for nobody
    **dict.fromkeys(PROVIDER, (405, 405, 405, 405, 405)),
    **dict.fromkeys(PROVIDER_FORMS, (302, 404, 404, 404, 404)),
    "accounts:export": (302, 200, 200, 200, 200),
    "accounts:erase": (302, 200, 403, 403, 403),
    "learning:start": (302, 302, 302, 302, 302),
    "learning:end": (302, 302, 404, 404, 404),
    "learning:goals": (302, 200, 200, 200, 200),
    "learning:daily": (302, 302, 302, 302, 302),
    "learning:deck": (302, 302, 302, 302, 302),
    "learning:keep": (302, 404, 404, 404, 404),
    "drill:begin": (302, 302, 302, 302, 302),
    "drill:draft": (302, 405, 404, 404, 404),
    "drill:submit": (302, 422, 404, 404, 404),
    "drill:hint": (302, 422, 404, 404, 404),
    "drill:again": (302, 302, 404, 404, 404),
    "drill:ct": (302, 409, 404, 404, 404),
    "localize:draft": (302, 405, 404, 404, 404),
    "localize:submit": (302, 422, 404, 404, 404),
    "localize:hint": (302, 200, 404, 404, 404),
    "localize:again": (302, 302, 404, 404, 404),
    "localize:explain": (302, 409, 404, 404, 404),
    "localize:rate": (302, 422, 404, 404, 404),
    "localize:flag": (302, 409, 404, 404, 404),
    "localize:ct": (302, 409, 404, 404, 404),
    "report:draft": (302, 405, 404, 404, 404),
    "report:submit": (302, 422, 404, 404, 404),
    "report:hint": (302, 422, 404, 404, 404),
    "report:again": (302, 302, 404, 404, 404),
    "report:contest": (302, 404, 404, 404, 404),
    "report:ct": (302, 409, 404, 404, 404),
    "report:macros": (302, 422, 422, 422, 422),
    "cases:act": (302, 403, 403, 302, 302),
    "cases:labels": (302, 403, 403, 404, 404),
    "cases:doubts": (302, 403, 403, 302, 302),
    "cases:uploads": (302, 403, 403, 422, 422),
    "cases:upload_finish": (302, 403, 403, 409, 404),
    "cases:upload_answer": (302, 403, 403, 302, 404),
    "cases:upload_act": (302, 403, 403, 302, 404),
    "cases:answer_seen": (302, 204, 404, 404, 404),
    "cases:set_status": (302, 403, 403, 302, 302),
    "cases:merge": (302, 403, 403, 302, 302),
    "cases:series": (302, 403, 403, 302, 302),
    "cases:score_again": (302, 403, 403, 302, 302),
    "cases:truth": (302, 403, 403, 422, 422),
    "cases:black_out": (302, 403, 403, 422, 422),
    "cases:second": (302, 403, 403, 422, 422),
    "cases:settle": (302, 403, 403, 302, 302),
    "cases:checks": (302, 403, 403, 200, 200),
    "classroom:create": (302, 403, 200, 403, 200),
    "classroom:code": (200, 200, 200, 200, 200),
    "classroom:join": (200, 302, 200, 200, 200),
    "classroom:decline": (302, 404, 404, 404, 404),
    "classroom:leave": (302, 302, 404, 404, 404),
    "classroom:compare": (302, 302, 404, 404, 404),
    "classroom:rank": (302, 404, 404, 404, 404),  # the class has no leaderboard
    **dict.fromkeys(OF_INSTRUCTORS, (302, 404, 200, 404, 200)),
    "classroom:sheet": READ_ONLY,
    "classroom:assignment": READ_ONLY,
    "classroom:invitations": (302, 404, 302, 404, 302),
    "classroom:member": (302, 404, 302, 404, 302),
    "classroom:cases": (302, 404, 302, 404, 302),
    "classroom:archive": (302, 404, 302, 404, 302),
    "classroom:instructors": (302, 404, 302, 404, 302),
    "classroom:act": (302, 404, 302, 404, 302),
    "classroom:given": (302, 302, 404, 404, 404),
    **dict.fromkeys(FIGURE_ACTIONS, (302, 404, 404, 404, 404)),
}
# Images, under addresses nobody can guess, and what the book says of a label to everybody.
MAY_BE_KEPT = ("cases:frame", "cases:shown", "cases:thumbnail", "localize:atlas")


def every_url_name() -> set[str]:
    """All but those of the administration."""

    def walk(patterns, prefix) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if pattern.app_name == "admin":
                    continue
                space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
                yield from walk(pattern.url_patterns, space)
            elif isinstance(pattern, URLPattern):
                yield prefix + (pattern.name or f"without a name: {pattern.pattern}")

    return set(walk(get_resolver().url_patterns, ""))
