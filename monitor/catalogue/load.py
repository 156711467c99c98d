"""feeds.yaml to a Catalogue: every problem of the file at once, or the whole catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from monitor.catalogue.blocks import DefaultsBlock, SourceBlock, SubscriptionBlock, WatchBlock
from monitor.catalogue.document import Document, Path, read_document
from monitor.catalogue.problems import problem, problems_of, suggestion
from monitor.detect.slots.bill import normal_bill
from monitor.detect.watched import WatchedBill
from monitor.domain.errors import ConfigError, FilterError
from monitor.domain.filter import parse, show
from monitor.domain.filter_fields import CountyFinder
from monitor.domain.ident import SourceId, SubscriptionId
from monitor.domain.snapshot import Expectation
from monitor.domain.source import Politeness, Schedule, Source
from monitor.domain.subscription import Subscription
from monitor.domain.vocabulary import DocumentKind, Tier
from monitor.kinds import SourceKind

SECTIONS = ("version", "defaults", "templates", "sources", "subscriptions", "watch")
#: Names of acts are looked for in every document, letter by letter.
MOST_WATCHED = 40
#: Sections of a rule pack that may stand in feeds.yaml as well: the operator's own rules.
RULE_SECTIONS = frozenset({"vocabularies", "guards", "topics", "set_aside", "rules"})
VERSION = 1

#: Text of own rules (with the file's lines) -> problems; empty when the pack is sound.
RuleCheck = Callable[[str], tuple[str, ...]]
ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What feeds.yaml says. `own_rules` is pack text whose line numbers are the file's."""

    sources: tuple[Source, ...]
    subscriptions: tuple[Subscription, ...] = ()
    own_rules: str = ""
    file_name: str = "feeds.yaml"
    digest: str = ""  #: of the text
    watch: tuple[WatchedBill, ...] = ()  #: bills and acts that are ours by the operator's word

    def source(self, source_id: str) -> Source | None:
        """One source."""
        return next((s for s in self.sources if s.id == source_id), None)


def parse_catalogue(
    text: str,
    *,
    kinds: Mapping[str, SourceKind[Any]],
    today: date,
    file_name: str = "feeds.yaml",
    check_rules: RuleCheck | None = None,
    counties: CountyFinder | None = None,
    document: Document | None = None,
) -> Catalogue:
    """The catalogue.

    `document` is what the text was read as, where that is known already.

    `kinds` is the table of source kinds; `today` and `counties` resolve relative dates and names
    of counties in filters. Raises ConfigError whose `problems` hold every fault found, in the
    order of the file.
    """
    document = document or read_document(text, file_name)
    reader = _CatalogueReader(document, kinds, today, counties)
    catalogue = reader.catalogue()
    problems = list(reader.problems)
    if catalogue.own_rules and check_rules is not None:
        problems += check_rules(catalogue.own_rules)
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise ConfigError(f"{file_name}: {count}; nothing was changed", tuple(_sorted(problems)))
    return catalogue


def _sorted(problems: list[str]) -> list[str]:
    def line(words: str) -> int:
        number = words.split(":", 2)[1] if words.count(":") >= 2 else ""
        return int(number) if number.isdigit() else 0

    return sorted(dict.fromkeys(problems), key=line)


class _CatalogueReader:
    """Reads section by section and collects problems."""

    def __init__(
        self,
        document: Document,
        kinds: Mapping[str, SourceKind[Any]],
        today: date,
        counties: CountyFinder | None,
    ) -> None:
        self.document = document
        self.kinds = kinds
        self.today = today
        self.counties = counties
        self.problems: list[str] = []

    def catalogue(self) -> Catalogue:
        root = self.document.value
        if not isinstance(root, dict):
            self._add((), "the file must be a mapping with `sources:`")
            root = {}
        self._sections(root)
        defaults = self._model(DefaultsBlock, root.get("defaults") or {}, ("defaults",))
        sources = self._sources(root.get("sources"), defaults or DefaultsBlock())
        subscriptions = self._subscriptions(root.get("subscriptions"), sources)
        self._unreachable(root.get("rules"), sources)
        has_rules = any(root.get(name) for name in RULE_SECTIONS)
        return Catalogue(
            sources=sources,
            subscriptions=subscriptions,
            own_rules=self.document.only_sections(RULE_SECTIONS) if has_rules else "",
            file_name=self.document.file_name,
            digest=hashlib.sha256(self.document.text.encode()).hexdigest(),
            watch=self._watch(root.get("watch")),
        )

    def _sections(self, root: dict[str, object]) -> None:
        valid = {*SECTIONS, *RULE_SECTIONS}
        for name in root:
            if name not in valid:
                self._add((name,), "unknown section" + suggestion(name, valid))
        if root.get("version", VERSION) != VERSION:
            self._add(("version",), f"this program reads version {VERSION}")

    def _sources(self, found: object, defaults: DefaultsBlock) -> tuple[Source, ...]:
        if not isinstance(found, list) or not found:
            self._add(("sources",), "must be a list with at least one source")
            return ()
        sources: list[Source] = []
        seen: dict[str, int] = {}
        for number, raw in enumerate(found):
            path: Path = ("sources", number)
            source = self._source(raw, path, defaults)
            if source is None:
                continue
            if source.id in seen:
                line = seen[source.id]
                self._add((*path, "id"), f"{source.id} stands already on line {line}")
            seen.setdefault(source.id, self.document.line(path))
            sources.append(source)
        return tuple(sources)

    def _source(self, raw: object, path: Path, defaults: DefaultsBlock) -> Source | None:
        label = str(raw.get("id", "")) if isinstance(raw, dict) else ""
        if isinstance(raw, dict):
            raw = {
                **raw,
                "schedule": _with(defaults.schedule, raw.get("schedule")),
                "politeness": _with(defaults.politeness, raw.get("politeness")),
            }
        block = self._model(SourceBlock, raw, path, label)
        kind = self._kind(raw, path, label)
        options = None
        if kind is not None and isinstance(raw, dict) and "options" in raw:
            given = raw["options"] or {}
            options = self._model(kind.options, given, (*path, "options"), label)
        if block is None or options is None:
            return None
        return _source(block, options, self.document.line(path))

    def _kind(self, raw: object, path: Path, label: str) -> SourceKind[Any] | None:
        name = raw.get("kind") if isinstance(raw, dict) else None
        if not isinstance(name, str):
            return None
        if name not in self.kinds:
            words = f"no kind {name!r}" + suggestion(name, self.kinds)
            self._add((*path, "kind"), words, label)
        return self.kinds.get(name)

    def _subscriptions(
        self, found: object, sources: tuple[Source, ...]
    ) -> tuple[Subscription, ...]:
        if found is None:
            return ()
        if not isinstance(found, list):
            self._add(("subscriptions",), "must be a list")
            return ()
        subscriptions: list[Subscription] = []
        seen: set[str] = set()
        for number, raw in enumerate(found):
            path: Path = ("subscriptions", number)
            label = str(raw.get("id", "")) if isinstance(raw, dict) else ""
            block = self._model(SubscriptionBlock, raw, path, label)
            if block is None:
                continue
            if block.id in seen:
                self._add((*path, "id"), f"{block.id} stands twice", label)
            seen.add(block.id)
            expression = self._filter(block.filter, (*path, "filter"), label, sources)
            for position, muted in enumerate(block.muted):
                self._filter(muted, (*path, "muted", position), label, sources)
            subscriptions.append(_subscription(block, expression))
        return tuple(subscriptions)

    def _watch(self, found: object) -> tuple[WatchedBill, ...]:
        if found is None:
            return ()
        if not isinstance(found, list) or len(found) > MOST_WATCHED:
            self._add(("watch",), f"must be a list of at most {MOST_WATCHED}")
            return ()
        blocks = (self._model(WatchBlock, raw, ("watch", n)) for n, raw in enumerate(found))
        return tuple(_watched(block) for block in blocks if block is not None)

    def _filter(self, text: str, path: Path, label: str, sources: tuple[Source, ...]) -> str:
        try:
            parsed = parse(text, self.today, self.counties)
        except FilterError as error:
            hint = f"; did you mean {error.suggestion}?" if error.suggestion else ""
            self._add(path, f"{error} (character {error.position + 1}){hint}", label)
            return text
        ids = {str(s.id) for s in sources}
        for term in parsed.terms:
            if term.field == "source" and not term.negated:
                for value in term.values:
                    if value not in ids:
                        words = f"can never match: no source {value}"
                        self._add(path, words + suggestion(value, ids), label)
        return show(parsed)

    def _unreachable(self, rules: object, sources: tuple[Source, ...]) -> None:
        """An own rule for an event type that no source could show can never fire."""
        seen = {event_type for source in sources for event_type in source.sees}
        for number, rule in enumerate(rules if isinstance(rules, list) else ()):
            if not isinstance(rule, dict):
                continue
            several = rule.get("types")
            types = [rule.get("type"), *(several.values() if isinstance(several, dict) else ())]
            wanted = {str(t) for t in types if t}
            if wanted and not wanted & seen:
                words = f"unreachable rule: no source sees {', '.join(sorted(wanted))}"
                self._add(("rules", number), words + suggestion(min(wanted), seen))

    def _model(
        self, model: type[ModelT], raw: object, path: Path, label: str = ""
    ) -> ModelT | None:
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            self.problems += problems_of(error, self.document, path, model, label)
            return None

    def _add(self, path: Path, words: str, label: str = "") -> None:
        self.problems.append(problem(self.document, path, words, label))


def _with(defaults: dict[str, object], own: object) -> object:
    if own is None:
        return dict(defaults)
    return {**defaults, **own} if isinstance(own, dict) else own


def _source(block: SourceBlock, options: object, line: int) -> Source:
    window = block.schedule.window or (None, None)
    return Source(
        id=SourceId(block.id),
        kind=block.kind,
        name=block.name,
        options=options,
        publisher=block.publisher or block.name,
        tier=block.tier,
        document_kind=block.document_kind or _document_kind(block.tier),
        states=block.states,
        county=block.county,
        sees=tuple(str(event_type) for event_type in block.sees),
        schedule=Schedule(
            every=block.schedule.every,
            cron=block.schedule.cron,
            window_start=window[0],
            window_end=window[1],
            time_zone=block.schedule.time_zone,
            jitter=block.schedule.jitter,
        ),
        politeness=Politeness(**block.politeness.model_dump()),
        expect=Expectation(**block.expect.model_dump()),
        enabled=block.enabled,
        checked=block.checked,
        needs_env=block.needs_env,
        discovery=block.discovery,
        line=line,
    )


def _watched(block: WatchBlock) -> WatchedBill:
    return WatchedBill(
        state=block.state,
        number=normal_bill(block.bill) if block.bill else "",
        family=f"state_{block.matter}",
        names=block.names,
        vouched=True,
    )


def _document_kind(tier: Tier) -> DocumentKind:
    if tier is Tier.ROSTER:
        return DocumentKind.TABLE
    return DocumentKind.RELEASE if tier is Tier.OFFICIAL else DocumentKind.NEWS


def _subscription(block: SubscriptionBlock, expression: str) -> Subscription:
    quiet = block.quiet or (None, None)
    return Subscription(
        id=SubscriptionId(block.id),
        filter=expression,
        channel=block.channel,
        destination=block.destination,
        cadence=block.cadence,
        weekday=block.weekday,
        at=block.at,
        time_zone=block.time_zone,
        quiet_start=quiet[0],
        quiet_end=quiet[1],
        muted=block.muted,
        max_per_day=block.max_per_day,
        near=(block.near.place, block.near.km) if block.near else None,
        reason=block.reason,
        include_review=block.include_review,
        active=block.active,
    )
