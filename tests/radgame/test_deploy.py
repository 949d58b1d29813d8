"""What `deploy/` says of commands, variables, pages and files is so; its linters: `deploy/lint`."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.db import connection
from django.urls import resolve

from attempts.models import Attempt
from radgame.metrics import QUEUES
from radgame.server import IDLE_SECONDS
from tests.radgame.test_docs import DOCS, ROOT, variables_documented

pytestmark = pytest.mark.any_database

DEPLOY = ROOT / "deploy"
MANIFESTS = [
    path for path in sorted(DEPLOY.glob("kubernetes/*.yaml")) if path.stem != "kustomization"
]
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
OF_OTHERS = re.compile(r"^(POSTGRES_|AWS_|PYTHON|PIP_|PATH$|SITE_ADDRESS$|TORCH_INDEX$)")
"""Variables that are not read by the game."""


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


def compose() -> dict[str, Any]:
    [one] = documents(DEPLOY / "compose.yaml")
    return one


def pods() -> list[tuple[str, dict[str, Any]]]:
    """The specifications of all pods, with the name of what makes them."""
    found = []
    for path in MANIFESTS:
        for one in documents(path):
            spec = one.get("spec", {})
            spec = spec.get("jobTemplate", {}).get("spec", spec)
            if "containers" in spec.get("template", {}).get("spec", {}):
                found.append((one["metadata"]["name"], spec["template"]["spec"]))
    return found


def commands() -> list[tuple[str, list[str]]]:
    """Every command that is started anywhere, with where that is."""
    found = [
        (f"compose: {name}", service["command"])
        for name, service in compose()["services"].items()
        if service["image"].startswith("radgame")
    ]
    found += [(f"kubernetes: {name}", pod["containers"][0]["command"]) for name, pod in pods()]
    for unit in UNITS:
        [line] = re.findall(r"^ExecStart=\S+/bin/(.*)$", unit.read_text(), re.MULTILINE)
        found.append((f"systemd: {unit.stem}", shlex.split(line.replace("%%", "%"))))
    for line in re.findall(r"^CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE):
        found.append(("Dockerfile", yaml.safe_load(line)))
    return found


def test_it_works():
    assert len(commands()) > 12 and len(pods()) == 7


@pytest.mark.parametrize(("where", "command"), commands(), ids=lambda value: str(value)[:40])
def test_every_command_is_one_that_there_is(where, command):
    program, *rest = command
    if program == "celery":
        documented = (DOCS / "deployment.md").read_text()
        assert " ".join(rest).partition(" --concurrency")[0] in documented, where
        return
    assert [program, rest[0]] == ["python", "manage.py"]
    name, *options = rest[1:]
    load_command_class(get_commands()[name], name).create_parser("manage.py", name).parse_args(
        options
    )


def variables_set() -> dict[str, str]:
    """Every variable that is set anywhere, with where that is."""
    found = {}
    for path in (DEPLOY / "env.example", DEPLOY / "systemd" / "environment.example"):
        found |= dict.fromkeys(
            re.findall(r"^([A-Z_0-9]+)=", path.read_text(), re.MULTILINE), path.name
        )
    for service in compose()["services"].values():
        found |= dict.fromkeys(service.get("environment", ()), "compose.yaml")
    for path in MANIFESTS:
        for one in documents(path):
            found |= dict.fromkeys({**one.get("data", {}), **one.get("stringData", {})}, path.name)
    [block] = re.findall(
        r"^ENV (PATH=.*(?:\\\n.*)*)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE
    )
    return found | dict.fromkeys(re.findall(r"([A-Z_]+)=", block), "Dockerfile")


def test_every_variable_is_documented():
    known = set(variables_documented())
    unknown = {
        n: w for n, w in variables_set().items() if n not in known and not OF_OTHERS.match(n)
    }
    assert "SECRET_KEY" in variables_set() and unknown == {}


def test_no_secret_is_in_the_tree():
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            found = re.findall(
                r"(?:SECRET|PASSWORD|TOKEN|KEY)\w*[=:] *[\"']?([\w/+-]+)", path.read_text()
            )
            assert [word for word in found if len(word) > 12] == [], path


@pytest.mark.parametrize(("name", "pod"), pods(), ids=lambda value: str(value)[:20])
def test_every_pod_is_closed(name, pod):
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] and context["capabilities"] == {"drop": ["ALL"]}
        assert not context["allowPrivilegeEscalation"]
        assert container["resources"]["limits"]["memory"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert probe not in container or resolve(container[probe]["httpGet"]["path"])


def test_every_container_of_the_game_is_closed_and_started_again():
    for name, service in compose()["services"].items():
        if service["image"].startswith("radgame"):
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
            assert service["user"] == "10001:10001"
            assert service["restart"] == ("no" if name == "migrate" else "always")
        assert "ports" not in service or name == "proxy", "nothing but the proxy is reached"


def test_every_queue_has_its_worker_under_systemd_and_in_kubernetes():
    served = {"systemd": {"celery"}, "kubernetes": {"celery"}}
    for where, words in commands():
        if "--queues" in words:
            queues = served.setdefault(where.split(":")[0], set())
            queues.add(words[words.index("--queues") + 1])
    assert served["systemd"] == served["kubernetes"] == set(QUEUES)


def test_the_unit_that_decodes_uploads_may_take_from_itself_what_it_can():
    """`@system-service` is without these calls in Debian 12, and ends who makes them."""
    unit = (DEPLOY / "systemd" / "radgame-worker.service").read_text()
    [allowed] = re.findall(r"^SystemCallFilter=(?!~)(.*)$", unit, re.MULTILINE)
    wanted = {"seccomp", "landlock_create_ruleset", "landlock_restrict_self"}
    assert wanted <= set(allowed.split())


def test_the_kustomization_names_files_that_there_are():
    [one] = documents(DEPLOY / "kubernetes" / "kustomization.yaml")
    assert set(one["resources"]) <= {path.name for path in MANIFESTS}


def test_the_image_has_every_room_and_nothing_of_the_workshop():
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    rooms = {name for name in settings.INSTALLED_APPS if (ROOT / name).is_dir()} | {
        "ml",
        "templates",
    }
    assert rooms <= let_in and "*" in ignored
    assert let_in.isdisjoint({"tests", "bench", "docs", ".git", "data", "deploy"})
    assert all((ROOT / name).exists() for name in let_in)


def test_the_units_start_all_that_deployment_needs():
    wanted = re.findall(r"^Wants=(.*)$", (DEPLOY / "systemd" / "radgame.target").read_text(), re.M)
    assert set(" ".join(wanted).split()) <= {unit.name for unit in UNITS}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_unit_leaves_little_open(unit):
    """Out of 10, as `systemd-analyze` counts; below 3 it calls it OK."""
    options = ("security", "--offline=true", "--threshold=30", "--no-pager")
    done = subprocess.run(["systemd-analyze", *options, str(unit)], capture_output=True, text=True)
    if "Unknown" in done.stderr or "unrecognized" in done.stderr:
        pytest.skip("this systemd looks at running units only")
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="in PostgreSQL's own words")
def test_what_workers_are_scaled_by_can_be_asked(nodule_case, trainee):
    Attempt.objects.create(
        user=trainee, case=nodule_case, case_version=1, kind="localize", state="submitted"
    )
    Attempt.objects.update(submitted_at="2026-01-01T00:00:00Z")
    triggers = documents(DEPLOY / "kubernetes" / "worker.yaml")[1]["spec"]["triggers"]
    told = []
    for trigger in triggers:
        with connection.cursor() as cursor:
            cursor.execute(trigger["metadata"]["query"])
            told.append(cursor.fetchone()[0])
    waiting, oldest = told
    assert waiting == 1 and oldest > 3600


TOOLS = ("sh", "sed", "mktemp", "mkdir", "basename", "dirname", "rm", "cat", "python3")


@pytest.fixture
def linting(tmp_path):
    """Runs `deploy/lint` where no linters are installed but those given, as scripts."""
    for name in TOOLS:
        (tmp_path / name).symlink_to(shutil.which(name))

    def run(required: bool = False, **linters: str) -> subprocess.CompletedProcess[str]:
        for name, script in linters.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
        variables = {"PATH": str(tmp_path), "LINTERS_REQUIRED": "1" if required else ""}
        lint = [shutil.which("sh"), str(DEPLOY / "lint")]
        return subprocess.run(lint, env=variables, capture_output=True, text=True)

    return run


def test_linters_that_are_missing_are_named_and_fail_where_they_are_required(linting):
    done = linting()
    assert done.returncode == 0, done.stdout + done.stderr
    [line] = done.stdout.splitlines()
    named = line.partition(": ")[2].split(", ")
    assert named == [
        *("hadolint", "yamllint", "kubernetes-validate", "systemd-analyze"),
        *("docker compose or check-jsonschema", "caddy", "nginx"),
    ]
    required = linting(required=True)
    assert (required.returncode, required.stdout) == (1, done.stdout)


def test_what_a_linter_says_of_a_failure_is_shown(linting):
    done = linting(caddy="echo the reason >&2; exit 1", hadolint="exit 0")
    assert done.returncode == 1
    assert "the reason" in done.stdout and "failed: caddy validate" in done.stdout
    assert "hadolint" not in done.stdout
    assert "the reason" not in linting(caddy="echo the reason >&2").stdout


def test_compose_is_read_by_a_plugin_or_by_its_schema(linting):
    plugin = '[ "$2" = version ] || echo "plugin: $*"'
    assert "config --quiet" in linting(docker=plugin).stdout
    old = linting(docker="exit 1", **{"check-jsonschema": "exit 1"})
    assert "failed: check-jsonschema --builtin-schema" in old.stdout


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_caddy_ends_idle_connections_before_the_web_process_does():
    [seconds] = re.findall(r"keepalive (\d+)s", (DEPLOY / "Caddyfile").read_text())
    assert 0 < int(seconds) < IDLE_SECONDS


def test_nginx_keeps_connections_and_ends_idle_ones_before_the_web_process_does():
    said = (DEPLOY / "nginx.conf").read_text()
    [seconds] = re.findall(r"keepalive_timeout (\d+)s", said)
    assert 0 < int(seconds) < IDLE_SECONDS
    [unasked] = re.findall(r"map \$http_upgrade \$connection_upgrade \{[^}]*''\s+(\S+);", said)
    assert unasked == "''"  # "close" would end each after one request


def test_nginx_is_given_the_configuration_as_it_stands(linting):
    """All of it, with a certificate that there is."""
    find = 'sed -n "s/.*include \\(.*\\);.*/\\1/p" "$6"'  # in the file after -c
    script = f'cat "$({find})"; exit 1'
    done = linting(nginx=script, openssl=f'exec {shutil.which("openssl")} "$@"')
    wanted = (DEPLOY / "nginx.conf").read_text()
    assert "upstream radgame" in done.stdout and "/etc/ssl/radgame" not in done.stdout
    assert done.stdout.count("location") == wanted.count("location")
