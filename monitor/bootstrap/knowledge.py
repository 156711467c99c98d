"""Rules, gazetteer and catalogue, loaded from package and operator, watched for changes."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.bootstrap import catalogue_memory
from monitor.bootstrap.machine import data_names, data_text
from monitor.catalogue.changes import catalogue_changes
from monitor.catalogue.document import Document, read_document
from monitor.catalogue.load import Catalogue, parse_catalogue
from monitor.detect.pack import load
from monitor.detect.rule import Pack
from monitor.domain.errors import ConfigError
from monitor.ports import Clock
from monitor.registry import RULE_KINDS, SOURCE_KINDS
from monitor.resolve.gazetteer import Gazetteer
from monitor.services.reload import Watched
from monitor.settings import Settings
from monitor.stores import HealthStore

if TYPE_CHECKING:
    from monitor.detect.ledger.knowledge import LedgerKnowledge


@cache
def gazetteer() -> Gazetteer:
    """States, counties and towns; read once a process."""
    return Gazetteer.parse(data_text("counties.csv"), data_text("places.csv"))


@cache
def ledger() -> LedgerKnowledge:
    """Reviewed names of agencies, counties and towns; read once a process."""
    from monitor.detect.ledger.knowledge import ledger_knowledge

    return ledger_knowledge(data_text("agency_aliases.yaml"), gazetteer())


def cited_figures() -> list[dict[str, object]]:
    """Figures that others quote, as cited facts; never mixed with the roster's own."""
    import yaml

    figures = yaml.safe_load(data_text("cited_figures.yaml"))["figures"]
    return [
        {
            "day": f["day"],
            "figure": f["unit"],
            "value": f["value"],
            "said": f["said"],
            "source": f["by"],
        }
        for f in figures
    ]


def watched_catalogue(settings: Settings, clock: Clock, health: HealthStore) -> Watched[Catalogue]:
    """feeds.yaml, taken over again when it changes. Raises ConfigError when it is wrong now."""
    return Watched(
        name=str(settings.feeds),
        load=lambda: load_catalogue(settings.feeds, clock, settings.data_dir),
        fingerprint=lambda: _fingerprint([settings.feeds]),
        compare=catalogue_changes,
        health=health,
        clock=clock,
    )


def load_catalogue(path: Path, clock: Clock, memory: Path | None = None) -> Catalogue:
    """The catalogue in a file. Raises ConfigError with all faults at once.

    `memory` is a directory where a large one is kept as it was read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read ({error}); set MONITOR_FEEDS to your catalogue"
        ) from error

    def parsed(document: Document | None) -> Catalogue:
        return parse_catalogue(
            text,
            kinds=SOURCE_KINDS,
            today=clock.now().date(),
            file_name=str(path),
            counties=lambda *asked: gazetteer().find_counties(*asked),  # few catalogues name any
            document=document,
        )

    if memory is None:
        return parsed(None)
    known = catalogue_memory.remembered(memory, text, str(path))
    if known is not None:
        with suppress(ConfigError):  # told below, from the text, with its lines
            return parsed(known)
    document = read_document(text, str(path))
    catalogue = parsed(document)
    catalogue_memory.remember(memory, document)
    return catalogue


def watched_pack(
    settings: Settings, catalogue: Watched[Catalogue], clock: Clock, health: HealthStore
) -> Watched[Pack]:
    """All rules, taken over again when a file of them changes; the old pack stays until then."""
    return Watched(
        name="the rules",
        load=lambda: load_pack(settings, catalogue.value),
        fingerprint=lambda: _fingerprint(_rule_files(settings)) + catalogue.value.digest,
        compare=_rule_changes,
        health=health,
        clock=clock,
    )


def load_pack(settings: Settings, catalogue: Catalogue | None) -> Pack:
    """The shipped rules, those in MONITOR_RULES and the catalogue's own, whole or not at all.

    Raises ConfigError with every problem: file, line, hint.
    """
    texts, names = rule_texts(settings, catalogue)
    return load(texts, RULE_KINDS, names)


def rule_texts(settings: Settings, catalogue: Catalogue | None) -> tuple[dict[str, str], str]:
    """(every rule file by name, the governors' table): what a pack is made of, in any process."""
    texts = {name: data_text(f"rules/{name}") for name in data_names("rules", ".yaml")}
    texts |= {str(path): _text(path) for path in _rule_files(settings)}
    if catalogue is not None and catalogue.own_rules:
        texts[catalogue.file_name] = catalogue.own_rules
    return texts, governors()


def governors() -> str:
    """The shipped table of governors' names, by which "the governor signed" finds its state."""
    names = data_names("rules", ".csv")
    return data_text("rules/governors.csv") if "governors.csv" in names else ""


def _rule_files(settings: Settings) -> list[Path]:
    directory = settings.get("MONITOR_RULES")
    return sorted(Path(directory).glob("*.yaml")) if directory else []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); mend it or take it away") from error


def _rule_changes(before: Pack, after: Pack) -> tuple[str, ...]:
    old = {rule.id: rule.version for rule in before.rules}
    new = {rule.id: rule.version for rule in after.rules}
    lines = [f"rule {name} added" for name in new.keys() - old.keys()]
    lines += [f"rule {name} removed" for name in old.keys() - new.keys()]
    lines += [f"rule {n} changed" for n in new.keys() & old.keys() if new[n] != old[n]]
    return tuple(sorted(lines))


def _fingerprint(paths: list[Path]) -> str:
    """Changes when one of the files does; a file that vanished counts as a change.

    The same on all machines that hold the same files, wherever they lie.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        except OSError:
            digest.update(b"missing")
    return digest.hexdigest()
