"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """`only_a_case_page`: a case page asks, and throws any other page away: the browser loads
    that again, and its messages are told then.
    """
    return {
        "signup_open": settings.SIGNUP_OPEN,
        "school": settings.OIDC_NAME if settings.OIDC_ENABLED else "",
        "only_a_case_page": "X-Case-Page" in request.headers,
    }
