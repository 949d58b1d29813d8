"""An identity provider on loopback, by real HTTP: discovery, code flow, PKCE, signed tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "radgame", "a secret of the client"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """Who logs in there (`claims`), and what it does wrong (`token`, `signs_with`, `fails`)."""

    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    address: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "p-1"})
    only_userinfo: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    """Claims that take the place of the right ones in the identity token; None: left out."""
    signs_with: Any = None
    algorithm: str = "RS256"
    calls_itself: str = ""
    denies: bool = False
    fails: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def configuration(self) -> dict[str, Any]:
        places = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        return {
            "issuer": self.calls_itself or self.address,
            **{place: f"{self.address}/{place}" for place in places},
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorize(self, query: dict[str, str]) -> str:
        self.asked.append(query)
        assert query["response_type"] == "code" and query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        answer = {"state": query["state"]}
        if self.denies:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(8)
            self.codes[answer["code"]] = query
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def exchange(self, form: dict[str, str]) -> dict[str, str] | None:
        query = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        right = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if query is None or not right or challenge != query["code_challenge"]:
            return None
        return {"access_token": "of-the-person", "id_token": self.identity_token(query)}

    def identity_token(self, query: dict[str, str]) -> str:
        now = int(time.time())
        right = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = {**right, "nonce": query["nonce"], **self.claims, **self.token}
        claims = {name: value for name, value in claims.items() if value is not None}
        key = None if self.algorithm == "none" else self.signs_with or self.key
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": "k1"})

    def keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}


class Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(place.query).items()}
        if self.provider.fails:
            self.give(None)
        elif place.path == "/.well-known/openid-configuration":
            self.give(self.provider.configuration())
        elif place.path == "/jwks_uri":
            self.give(self.provider.keys())
        elif place.path == "/userinfo_endpoint":
            assert self.headers["Authorization"] == "Bearer of-the-person"
            self.give({**self.provider.claims, **self.provider.only_userinfo})
        elif place.path == "/authorization_endpoint":
            self.send_response(302)
            self.send_header("Location", self.provider.authorize(query))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.give(None, 404)

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(text).items()}
        given = self.provider.exchange(form)
        self.give(given or {"error": "invalid_grant"}, 200 if given else 400)

    def give(self, content: dict[str, Any] | None, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status if content is not None else max(status, 503))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    handler = type("Bound", (Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
