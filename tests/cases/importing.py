"""Running `manage.py import_cases` inside a test."""

from __future__ import annotations

import io

from django.core.management import call_command


def run(*arguments, jobs=1, **options):
    """What the command says."""
    out = io.StringIO()
    call_command("import_cases", *map(str, arguments), jobs=jobs, stdout=out, **options)
    return out.getvalue()


def table_row(output, name):
    line = next(line for line in output.splitlines() if line.startswith(f"│ {name}"))
    return int(line.split("│")[2].replace(",", ""))
