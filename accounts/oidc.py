"""A school's identity provider by OpenID Connect: there and back, and what of it is believed.

The way there, state, PKCE and the exchange of the code are allauth's; its provider is loaded when
somebody goes that way. It neither sends a nonce nor checks the identity token's signature, so
both are done here (OpenID Connect Core 1.0, 3.1.3.7), and so is the issuer.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

logger = logging.getLogger(__name__)

Claims = Mapping[str, Any]
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
"""Signatures by a key of the provider alone, not by the secret that both sides have."""
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
LEEWAY_SECONDS = 60
LONGEST_SUBJECT = 191
"""Characters that are kept of a subject; a longer one is refused, not cut."""
AWAY = "{name} does not answer at the moment. Try again in a few minutes."
ELSEWHERE = "This log-in was begun in another window, or more than ten minutes ago. Begin again."
DENIED = "{name} did not log you in."
NOT_BELIEVED = (
    "What {name} sent cannot be believed, so nobody was logged in. Try again; if it stays so, tell "
    "whoever runs this server."
)


class Failed(Exception):
    """Nobody is logged in, and why in a sentence; `status` is that of the page that says it."""

    def __init__(self, sentence: str, status: int = 403) -> None:
        super().__init__(sentence.format(name=settings.OIDC_NAME))
        self.status = status


@dataclass(frozen=True)
class Identity:
    """Who somebody is to the provider."""

    issuer: str
    subject: str
    """Never given to anybody else by this issuer."""
    email: str
    """In small letters; empty unless the provider says that it is theirs."""
    username: str
    """What the person is called there: a wish, and not unique."""
    groups: frozenset[str] | None
    """Values of `OIDC_ROLE_CLAIM`; None where no claim gives roles."""


@dataclass(frozen=True)
class Return:
    """Somebody who came back from the provider."""

    identity: Identity
    to: str
    """The page they wanted; empty: the first."""
    connects: int | None
    """The account that asked to be connected; None for a log-in."""


def begin(request: HttpRequest, to: str, connects: int | None = None) -> str:
    """The provider's address to send somebody to. Raises Failed."""
    nonce = secrets.token_urlsafe(24)
    data = {"nonce": nonce, "to": to, "connects": connects}
    with _failures_told():
        there = _provider(request).redirect(
            request, process="login", data=data, auth_params={"nonce": nonce}
        )
    return there.url


def finish(request: HttpRequest) -> Return:
    """Who came back, once everything they brought has been checked. Raises Failed."""
    from allauth.socialaccount.internal import statekit

    provider = _provider(request)
    state = statekit.unstash_state(
        request, provider_id=provider.sub_id, state_id=request.GET.get("state", "")
    )
    if state is None:
        raise Failed(ELSEWHERE)
    if "code" not in request.GET:
        raise Failed(DENIED)
    data = state["data"]
    with _failures_told():
        adapter = provider.get_oauth2_adapter(request)
        client = adapter.get_client(request, provider.app)
        tokens = adapter.get_access_token_data(
            request, provider.app, client, pkce_code_verifier=state["pkce_code_verifier"]
        )
        claims = _checked(adapter.openid_config, tokens["id_token"], data["nonce"])
        claims = _completed(adapter.openid_config, claims, tokens["access_token"])
        return Return(_identity(claims), data["to"], data["connects"])


def discovered() -> Claims:
    """What the provider says of itself. Raises Failed where it is away or another one."""
    with _failures_told():
        return _believed(_fetched(f"{settings.OIDC_ISSUER}/.well-known/openid-configuration"))


def _provider(request: HttpRequest) -> Any:
    """allauth's provider, with an adapter that knows our address and believes one issuer alone."""
    from allauth.socialaccount.adapter import get_adapter
    from allauth.socialaccount.providers.openid_connect import provider, views

    app = get_adapter(request).get_app(request, provider=settings.OIDC_ISSUER)

    class Adapter(views.OpenIDConnectOAuth2Adapter):
        @property
        def openid_config(self) -> Claims:
            return _believed(super().openid_config)

        def get_provider(self) -> Any:
            return Provider(self.request, app=app)

        def get_callback_url(self, request: HttpRequest, app: object) -> str:
            return request.build_absolute_uri(reverse("accounts:oidc_back"))

    class Provider(provider.OpenIDConnectProvider):
        oauth2_adapter_class = Adapter

    return Provider(request, app=app)


def _believed(config: Claims) -> Claims:
    """The provider's configuration, where it is the issuer's that was set (Discovery 1.0, 4.3)."""
    if config["issuer"].rstrip("/") != settings.OIDC_ISSUER:
        logger.warning("The identity provider calls itself %s.", config["issuer"])
        raise Failed(NOT_BELIEVED)
    return config


def _fetched(address: str, **headers: str) -> Claims:
    from allauth.socialaccount.adapter import get_adapter

    with get_adapter().get_requests_session() as session:
        answer = session.get(address, headers=headers)
        answer.raise_for_status()
        return answer.json()


def _checked(config: Claims, token: str, nonce: str) -> Claims:
    """The claims of an identity token of this issuer, for us, for this very log-in."""
    import jwt

    keys = jwt.PyJWKSet.from_dict(dict(_fetched(config["jwks_uri"]))).keys
    name = jwt.get_unverified_header(token).get("kid")
    fitting = [key for key in keys if name is None or key.key_id == name]
    if len(fitting) != 1:
        raise jwt.InvalidKeyError("no key of the provider signed this")
    claims = jwt.decode(
        token,
        key=fitting[0],
        algorithms=ALGORITHMS,
        audience=settings.OIDC_CLIENT_ID,
        issuer=config["issuer"],
        leeway=LEEWAY_SECONDS,
        options={"require": REQUIRED},
    )
    if not secrets.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise jwt.InvalidTokenError("the nonce is of another log-in")
    if claims.get("azp", settings.OIDC_CLIENT_ID) != settings.OIDC_CLIENT_ID:
        raise jwt.InvalidAudienceError("given to another application")
    return claims


def _completed(config: Claims, claims: Claims, access_token: str) -> Claims:
    """With what the provider tells of the same person only when asked (`userinfo_endpoint`)."""
    wanted = {settings.OIDC_EMAIL_CLAIM, settings.OIDC_USERNAME_CLAIM, settings.OIDC_ROLE_CLAIM}
    if wanted - {""} <= set(claims) or not config.get("userinfo_endpoint"):
        return claims
    more = _fetched(config["userinfo_endpoint"], Authorization=f"Bearer {access_token}")
    if more["sub"] != claims["sub"]:
        raise ValueError("userinfo of somebody else")
    return {**more, **claims}


def _identity(claims: Claims) -> Identity:
    subject = str(claims["sub"])
    if not 0 < len(subject) <= LONGEST_SUBJECT:
        raise ValueError("a subject that cannot be kept")
    email = claims.get(settings.OIDC_EMAIL_CLAIM)
    # Some providers write the claim as a word (a string).
    is_theirs = settings.OIDC_EMAIL_IS_VERIFIED or claims.get("email_verified") in (True, "true")
    return Identity(
        issuer=settings.OIDC_ISSUER,
        subject=subject,
        email=email.lower() if is_theirs and isinstance(email, str) else "",
        username=str(claims.get(settings.OIDC_USERNAME_CLAIM) or ""),
        groups=_groups(claims) if settings.OIDC_ROLE_CLAIM else None,
    )


def _groups(claims: Claims) -> frozenset[str]:
    """The values of the role claim: a list of words, or one word."""
    given = claims.get(settings.OIDC_ROLE_CLAIM) or []
    return frozenset([given] if isinstance(given, str) else [str(one) for one in given])


@contextmanager
def _failures_told() -> Iterator[None]:
    """Turn what the libraries raise into Failed; the log says of which kind it was."""
    import jwt
    import requests
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error

    try:
        yield
    except requests.RequestException as error:
        logger.warning("The identity provider is away: %s", type(error).__name__)
        raise Failed(AWAY, 503) from None
    except jwt.PyJWTError as error:
        logger.warning("An identity token was refused: %s", error)
        raise Failed(NOT_BELIEVED) from None
    except (OAuth2Error, AttributeError, KeyError, TypeError, ValueError) as error:
        logger.warning("The identity provider's answer was refused: %s", type(error).__name__)
        raise Failed(NOT_BELIEVED) from None
