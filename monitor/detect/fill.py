"""Findings from sightings: quote, subject, model, bill, dates, amounts."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.detect.clauses.line import Line
from monitor.detect.clauses.tense import occurred
from monitor.detect.language.words import word_set
from monitor.detect.rule import Pack, Rule
from monitor.detect.scene import Scene, Sighting
from monitor.detect.slots.agency import Agency
from monitor.detect.slots.bill import Amount, Bill
from monitor.detect.slots.names import GazetteerNames
from monitor.detect.where import Subject, WhereReader
from monitor.domain.claim import Finding, Jurisdiction, Quote
from monitor.domain.vocabulary import (
    REVIEW_ONLY,
    Direction,
    DocumentKind,
    EventType,
    Instrument,
    Model,
    Worth,
)

#: Told of nobody, these are talk about the program.
_NEED_A_SUBJECT = frozenset({EventType.AGREEMENT_SIGNED, EventType.AGREEMENT_TERMINATED})
_LAWS = ("state_mandate", "state_limit")
_MODELS = {"TRIBALMODEL": Model.TTFM, "TASKFORCEMODEL": Model.TFM, "JAILMODEL": Model.JEM,
           "WARRANTMODEL": Model.WSO}  # fmt: skip
_UNITS = word_set(
    "agreements agreement agencies agency officers deputies detainers counties jurisdictions "
    "states arrests partners people"
)
#: Kinds in which what stands between quotation marks is said by somebody.
_NEWS = frozenset({DocumentKind.NEWS, DocumentKind.RELEASE})
#: Who speaks of an own act, how near before it, the offices that may, and who has left them.
_SPEAKERS, _TO_SPEAKER = frozenset({"we", "i", "we've", "i've", "we're"}), 4
_OFFICES = frozenset({"AGENCY", "GOVERNOR"})
_NO_LONGER = frozenset({"former", "ex", "retired", "ousted"})
_BY_TOPIC = {"mandate": Direction.TOWARD, "limit": Direction.AWAY}


class Filler:
    """Makes findings of the sightings in one scene."""

    def __init__(self, scene: Scene, names: GazetteerNames, pack: Pack) -> None:
        """Keep what slots are read with."""
        self._scene = scene
        self._where = WhereReader(scene, names, pack.governors)
        self._version = pack.version

    def findings(self, rule: Rule, sighting: Sighting) -> Iterator[Finding]:
        """One finding per subject; none when a subject is needed and not named."""
        for subject in self._subjects(rule, sighting):
            yield self._finding(rule, sighting, subject)

    def _subjects(self, rule: Rule, sighting: Sighting) -> tuple[Subject, ...]:
        scope = getattr(rule.spec, "place", "wanted")
        if scope == "federal":
            return (Subject(None, Jurisdiction()),)
        if scope == "state":
            return (Subject(None, Jurisdiction(state=self._where.state_of_law(sighting))),)
        subjects = self._where.subjects(sighting)
        if getattr(rule.spec, "agency", "wanted") == "none":
            return tuple(dict.fromkeys(Subject(None, s.jurisdiction) for s in subjects))
        return subjects

    def _finding(self, rule: Rule, sighting: Sighting, subject: Subject) -> Finding:
        spec = rule.spec
        event_type = spec.types[sighting.topic] if sighting.topic else spec.type
        if event_type is None:  # pragma: no cover - the pack's loader forbids it
            raise ValueError(f"rule {spec.id} has no type")
        law = event_type.value.startswith(_LAWS)
        bill = self._bill(sighting) if law else None
        amount, unit = self._amount(sighting, event_type)
        return Finding(
            event_type=event_type,
            stage=spec.stage,
            direction=_direction(rule, sighting),
            jurisdiction=subject.jurisdiction,
            agency=subject.agency,
            model=_model_of(sighting.line, subject.agency) or self._model(sighting, event_type),
            bill=bill.number if bill else None,
            instrument=spec.instrument or _instrument(bill, sighting.line, law=law),
            target=spec.target or ("local_agencies" if law else None),
            occurred=occurred(sighting.line, sighting.first, self._scene.document.published),
            amount=amount,
            unit=unit,
            quote=self._quote(sighting.line),
            rule=spec.id,
            rule_version=rule.version,
            worth=Worth.REVIEW
            if bill is not None and sighting.topic != "urging" and _is_resolution(bill)
            else self._worth(rule, sighting, subject, event_type),
        )

    def _worth(
        self, rule: Rule, sighting: Sighting, subject: Subject, event_type: EventType
    ) -> Worth:
        weak = sighting.stop is not None or event_type in REVIEW_ONLY or self._is_spoken(sighting)
        scope = getattr(rule.spec, "place", "")
        placeless = scope in {"needed", "state"} and not subject.jurisdiction.state
        local = sighting.line.outside is not None or event_type in _NEED_A_SUBJECT
        if local and scope != "federal":
            placeless = placeless or subject == Subject(None, Jurisdiction())
        agentless = getattr(rule.spec, "agency", "") == "needed" and not subject.agency
        return Worth.REVIEW if weak or placeless or agentless else rule.spec.worth

    def _is_spoken(self, sighting: Sighting) -> bool:
        """Whether the act stands inside somebody's words; who speaks tells what he makes of it.

        An office that speaks of itself tells what it did: "We signed it," the sheriff said.
        """
        index = sighting.index
        if index < 0 or self._scene.document.kind not in _NEWS or _of_the_speaker(sighting):
            return False
        start = self._scene.spans[self._scene.paragraph_start(index)].start
        act = sighting.line.tokens[sighting.first].start
        return self._scene.body.text.count('"', start, act) % 2 == 1

    def _quote(self, line: Line) -> Quote:
        """The whole sentence, verbatim; a title or field stands outside of the text."""
        if line.outside is not None:
            return Quote(text=line.outside, start=-1, end=-1)
        start, end = self._scene.body.span(line.sentence.start, line.sentence.end)
        return Quote(text=self._scene.document.text[start:end], start=start, end=end)

    def _model(self, sighting: Sighting, event_type: EventType) -> Model | None:
        """The model named nearest to the act, else the one named around it; a count's own only."""
        counted = event_type is EventType.PROGRAM_STATISTIC
        if not counted and not event_type.value.startswith("agreement"):
            return None
        own = _models(sighting.line, sighting.first)
        if own or counted:
            return own[0] if own else None
        title = self._scene.title_of(sighting.index)
        lines = (*self._scene.near(sighting.index, 1), *((title,) if title else ()))
        around = [model for line in lines for model in _models(line, 0)]
        return around[0] if len(set(around)) == 1 else None

    def _bill(self, sighting: Sighting) -> Bill | None:
        lines = [sighting.line, *self._scene.near(sighting.index, 1)]
        title = self._scene.title_of(sighting.index)
        if title is not None:
            lines.append(title)
        for line in lines:
            found = [
                (abs(i - sighting.first) if line is sighting.line else i, token.value)
                for i, token in enumerate(line.tokens)
                if isinstance(token.value, Bill)
            ]
            if found:
                return min(found, key=lambda row: row[0])[1]
        return None

    def _amount(self, sighting: Sighting, event_type: EventType) -> tuple[float | None, str | None]:
        if event_type not in {EventType.PROGRAM_STATISTIC, EventType.FEDERAL_INCENTIVE}:
            return None, None
        tokens = sighting.line.tokens
        for at in range(sighting.start_token, min(sighting.end_token + 2, len(tokens))):
            value = tokens[at].value
            if tokens[at].symbol == "TALLY" and tokens[at - 1].word == "from":
                return float(tokens[at].word.split("-")[1]), "agreements"
            if isinstance(value, Amount):
                unit = "USD" if value.dollars else _unit(sighting.line, at)
                return value.value, unit
        return None, None


def _unit(line: Line, at: int) -> str | None:
    for token in line.tokens[at + 1 : at + 7]:
        if token.symbol == "AGREEMENT":
            return "agreements"
        if token.word in _UNITS:
            return token.word
    return None


def _models(line: Line, act: int) -> list[Model]:
    if _MODELS.keys().isdisjoint(line.words):
        return []
    found = [
        (abs(i - act), _MODELS[token.symbol])
        for i, token in enumerate(line.tokens)
        if token.symbol in _MODELS
    ]
    return [model for _, model in sorted(found, key=lambda row: row[0])]


def _of_the_speaker(sighting: Sighting) -> bool:
    before = sighting.line.tokens[max(0, sighting.first - _TO_SPEAKER) : sighting.first]
    behind = sighting.line.tokens[sighting.last :]
    if not any(token.word in _SPEAKERS for token in before):
        return False
    offices = any(token.symbol in _OFFICES for token in behind)
    return offices and not any(token.word in _NO_LONGER for token in behind)


def _model_of(line: Line, agency: str | None) -> Model | None:
    """Whose model it is where a sentence gives several agencies several models: each agency's
    stands before it if the first of all does, else after it."""
    models = [(i, _MODELS[t.symbol]) for i, t in enumerate(line.tokens) if t.symbol in _MODELS]
    agencies = [(i, t.value.name) for i, t in enumerate(line.tokens) if isinstance(t.value, Agency)]
    if not agency or len({model for _, model in models}) < 2 or len(agencies) < 2:
        return None
    at = next((i for i, name in agencies if agency.endswith(name)), None)
    if at is None:
        return None
    before = models[0][0] < agencies[0][0]
    beside = [model for i, model in (models[::-1] if before else models) if (i < at) is before]
    return beside[0] if beside else None


#: Heads of what a legislature only says or asks: no law comes of it.
_RESOLUTIONS = ("SM ", "HM ", "SR ", "HR ", "SJM ", "HJM ", "SCR ", "HCR ", "AR ")


def _is_resolution(bill: Bill) -> bool:
    return bill.number.startswith(_RESOLUTIONS)


def _direction(rule: Rule, sighting: Sighting) -> Direction:
    spec = rule.spec
    if sighting.topic:
        return spec.directions.get(sighting.topic) or _BY_TOPIC.get(
            sighting.topic, spec.direction or Direction.MIXED
        )
    return spec.direction or Direction.MIXED


#: What a sentence about a bill says, beside an order or without one.
_OF_BILLS = word_set("bill bills law laws legislation act measure statute")


def _instrument(bill: Bill | None, line: Line, *, law: bool) -> Instrument | None:
    """A bill, unless the number or, without one, the sentence says that it is an order."""
    if not law:
        return None
    words = " ".join(token.word for token in line.tokens).replace("law enforcement", "police")
    ordered = "executive order" in words and not _OF_BILLS & set(words.split())
    if (bill.kind == "order") if bill is not None else ordered:
        return Instrument.EXECUTIVE_ORDER
    return Instrument.BILL
