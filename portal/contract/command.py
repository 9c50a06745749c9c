"""What `portal check` does: says what is found as it is found, writes the reports, and returns the exit code."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import requests

from . import report as reports
from .api.client import Access
from .api.run import check_api, record
from .app.knocks import Target
from .app.rounds import PLANS, Plan
from .app.run import check_app
from .control import Control
from .report import Report, Verdict
from .texts import Text
from .texts import usual_language as usual_language

WRITERS: dict[str, Callable[[Report, str], str]] = {
    "html": reports.as_page,
    "json": reports.as_json,
    "junit": reports.as_junit,
    "markdown": reports.as_markdown,
}
DONE = Text("Press Enter when you have done so", "Drücken Sie die Eingabetaste, wenn Sie das getan haben")
ROUND = Text("Round", "Runde")
NO_CERTIFICATE = Text("This is a self-check, no certificate.", "Das ist ein Selbsttest, kein Zertifikat.")


@dataclass(frozen=True)
class Output:
    """In which language, and into which files by format."""

    language: str
    files: Mapping[str, Path | None]

    def tell(self, verdict: Verdict) -> None:
        click.echo(reports.line(verdict, self.language))

    def finish(self, report: Report) -> int:
        for name, path in self.files.items():
            if path is not None:
                path.write_text(WRITERS[name](report, self.language), encoding="utf-8")
        click.echo(f"{reports.summary(report, self.language)}. {NO_CERTIFICATE.to(self.language)}")
        return report.exit_code


def run_api(output: Output, environ: Mapping[str, str], *, write: bool, keep: bool, control_url: str) -> int:
    """The rules about the API, with the settings CASHLINK_*."""
    try:
        access = Access.from_environment(environ, write=write, control_url=control_url)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if keep and access.is_this_machine:
        raise click.UsageError("--record is for Cashlink's own environment: a simulator proves nothing about Cashlink.")
    report = check_api(access, output.tell)
    if keep:
        click.echo(f"verified.toml: {len(record(report))}")
    return output.finish(report)


def run_app(
    output: Output, target: Target, *, control_url: str, script: str, rounds: Sequence[str], patience: float
) -> int:
    """The rules about an application, which somebody or a script uses meanwhile."""
    plans = [plan for plan in PLANS if not rounds or plan.name in rounds]
    if unknown := set(rounds) - {plan.name for plan in PLANS}:
        raise click.UsageError(f"No such round: {', '.join(sorted(unknown))}. {', '.join(p.name for p in PLANS)}")
    oauth = bool(target.token_url)
    control = Control(control_url)
    try:
        before = control.get("modes")["webhook_authentication"]
        control.post("modes", {"webhook_authentication": "oauth" if oauth else "bearer"})
    except requests.RequestException as error:
        raise click.ClickException(f"No simulator answers at {control.url}. Start one: portal simulator") from error
    subscribe = _scripted(script) if script else _by_hand(output.language)
    try:
        report = check_app(target, control_url, subscribe, patience=patience, plans=plans, tell=output.tell)
    finally:
        control.post("modes", {"webhook_authentication": before})
        control.close()
    return output.finish(report)


def _by_hand(language: str) -> Callable[[Plan], object]:
    def subscribe(plan: Plan) -> None:
        click.echo(f"\n{ROUND.to(language)} {plan.name}: {plan.task.to(language)}")
        click.prompt(DONE.to(language), default="", show_default=False, prompt_suffix=" …")

    return subscribe


def _scripted(script: str) -> Callable[[Plan], object]:
    """The command is run once per round; CHECK_ROUND names it."""
    command = shlex.split(script)

    def subscribe(plan: Plan) -> None:
        click.echo(f"{ROUND.en} {plan.name}: {script}", err=True)
        try:
            ended = subprocess.run(command, env={**os.environ, "CHECK_ROUND": plan.name}, check=False)  # noqa: S603
        except OSError as error:
            raise click.ClickException(f"--script cannot be run: {error}") from error
        if ended.returncode:
            # No reason to end: under a fault the script may not reach its end.
            click.echo(f"{ROUND.en} {plan.name}: the script ended with {ended.returncode}", err=True)

    return subscribe
