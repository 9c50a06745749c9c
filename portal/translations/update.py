"""Take new texts from code and templates into the German catalogues, and compile them: `make messages`.

The portal and the simulator have a catalogue each. Prints what is not translated yet.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "_l": None,
    "lazy_ngettext": (1, 2),
}
HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: de\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


@dataclass(frozen=True)
class Domain:
    """A catalogue and the folders whose texts it holds."""

    name: str
    folder: Path
    sources: tuple[Path, ...]
    without: tuple[Path, ...] = ()

    @property
    def po(self) -> Path:
        return self.folder / "de" / "LC_MESSAGES" / "messages.po"

    @property
    def mo(self) -> Path:
        return self.po.with_suffix(".mo")


SIMULATOR = ROOT / "portal" / "simulator"
DOMAINS = (
    Domain("portal", ROOT / "portal" / "translations", (ROOT / "portal", ROOT / "templates"), (SIMULATOR,)),
    Domain("simulator", SIMULATOR / "translations", (SIMULATOR,)),
)


def extract(domain: Domain) -> Catalog:
    """All texts that stand in code and templates now."""
    catalog = Catalog(locale="de")
    for source in domain.sources:
        for filename, _line, message, _comments, context in extract_from_dir(source, METHODS, keywords=KEYWORDS):
            path = source / filename
            if not any(path.is_relative_to(folder) for folder in domain.without):
                catalog.add(message, context=context)
    return catalog


def updated(domain: Domain) -> Catalog:
    """The catalogue with today's texts and yesterday's translations."""
    catalog = read(domain)
    catalog.update(extract(domain), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def read(domain: Domain) -> Catalog:
    return read_po(io.BytesIO(domain.po.read_bytes()), locale="de")


def as_po(catalog: Catalog) -> bytes:
    """The text form, without dates and places in the code, so that it changes only with its texts."""
    buffer = io.BytesIO(HEADER.encode())
    buffer.seek(0, io.SEEK_END)
    write_po(buffer, catalog, sort_output=True, omit_header=True, no_location=True, width=120)
    return buffer.getvalue()


def compiled(domain: Domain) -> bytes:
    """The form that gettext reads."""
    catalog = read(domain)
    # Babel would write the present time into it.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    """Texts without German, or with a form missing."""
    found = []
    for message in catalog:
        forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and not all(forms):
            found.append(str(message.id))
    return found


def main() -> None:
    for domain in DOMAINS:
        catalog = updated(domain)
        domain.po.write_bytes(as_po(catalog))
        domain.mo.write_bytes(compiled(domain))
        for text in untranslated(catalog):
            print(f"{domain.name}: not translated: {text}")


if __name__ == "__main__":
    main()
