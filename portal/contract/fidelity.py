"""Writes portal/simulator/FIDELITY.md from the rules: `python -m portal.contract.fidelity`."""

from __future__ import annotations

from pathlib import Path

from .rules import BASES, Basis, Rule, rules

FILE = Path(__file__).resolve().parents[1] / "simulator" / "FIDELITY.md"
HEAD = """# How faithful the simulator is

Written from the rules in `portal/contract/` by `python -m portal.contract.fidelity`; a test holds it fresh.
`tests/contract/test_simulator.py` tries each rule at the simulator, which must keep it, and at a simulator broken for
it, where the rule must be found broken.

*Documented* is what stands in Cashlink's public documentation, on the page named. *Seen* was seen in a public script.
*Assumed* is our guess, and may be wrong. *Verified on* is the day on which Cashlink's own environment was seen to keep
the rule, by `portal check --api`. *Mode* is the simulator's switch (`/_control/modes`, or the Studio's page of faults)
by which it behaves otherwise.

"""


def text() -> str:
    found = rules("api")
    counts = ", ".join(f"{_count(found, basis)} {words.en}" for basis, words in BASES.items())
    lines = [HEAD + f"{len(found)} rules: {counts}.", "", "| rule | | known | page | mode |", "| --- " * 5 + "|"]
    lines += [
        f"| `{rule.id}` | {rule.sentence.en} | {rule.state().en} | {rule.source or '–'} | {rule.mode or '–'} |"
        for rule in found
    ]
    return "\n".join(lines) + "\n"


def _count(found: list[Rule], basis: Basis) -> int:
    return sum(rule.basis == basis for rule in found)


def write() -> None:
    FILE.write_text(text())


if __name__ == "__main__":
    write()
