"""The shape of rule-pack files: what may stand in them, with a description of each field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from monitor.domain.vocabulary import (
    Direction,
    DocumentKind,
    EventType,
    Instrument,
    Stage,
    Worth,
)
from monitor.kinds import Options

Phrase = Annotated[str, Field(min_length=1, max_length=2_000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{2,60}$")]


class VocabularySpec(Options):
    """Named terms, used in phrases as {name}."""

    about: str = Field(description="What the terms have in common.")
    symbol: bool = Field(
        default=False,
        description="Terms are put together to one symbol before phrases are looked for.",
    )
    anchor: bool = Field(
        default=False, description="A document without any anchor term is not read further."
    )
    terms: tuple[Phrase, ...] = Field(min_length=1)


class GuardSpec(Options):
    """What stops a match. Every list is optional; the first phrase found stops."""

    about: str = Field(description="What the guard protects from, in a sentence.")
    before: tuple[Phrase, ...] = Field(
        default=(), description="Words before the act, in its own clause."
    )
    within: int = Field(default=3, ge=0, le=30, description="Words between `before` and the act.")
    opens: tuple[str, ...] = Field(default=(), description="Words that open the act's clause.")
    after: tuple[Phrase, ...] = Field(default=(), description="Words shortly after the act.")
    after_within: int = Field(default=4, ge=0, le=30)
    sentence: tuple[Phrase, ...] = Field(default=(), description="Words anywhere in the sentence.")
    title: tuple[Phrase, ...] = Field(default=(), description="Words in the document's title.")
    opening: tuple[Phrase, ...] = Field(
        default=(), description="Words at the very start of the sentence, the text or the title."
    )
    document: tuple[Phrase, ...] = Field(
        default=(), description="Words anywhere near: 3 sentences."
    )
    unless: tuple[Phrase, ...] = Field(
        default=(), description="Words before the act, up to the sentence's start, that lift it."
    )
    act: str = Field(
        default="", max_length=12, description="Only for acts whose first word ends so: ing."
    )
    unless_sentence: tuple[Phrase, ...] = Field(
        default=(), description="Words anywhere in the sentence that lift it."
    )
    unless_fresh: bool = Field(
        default=False, description="Lifted where the act's own clause dates it to these days."
    )
    everywhere: bool = Field(default=True, description="False: only rules that name it use it.")
    weakens: bool = Field(default=False, description="Makes an alert a review instead of nothing.")


class SetAsideSpec(Options):
    """Documents that are not read, for they use the field's words for something else."""

    about: str = Field(description="What such documents are, in a sentence.")
    title: tuple[Phrase, ...] = Field(min_length=1, description="One of these is in the title.")
    head: tuple[Phrase, ...] = Field(
        min_length=1, description="One of these is in the title or the first four sentences."
    )
    unless_title: tuple[Phrase, ...] = Field(default=(), description="In the title: it is read.")
    unless_head: tuple[Phrase, ...] = Field(
        default=(), description="In the title or the first four sentences: it is read."
    )
    unless_document: tuple[Phrase, ...] = Field(
        default=(), description="Anywhere in the document: it is read."
    )


class TopicSpec(Options):
    """What a document is about, for rules whose type depends on it."""

    about: str
    phrases: tuple[Phrase, ...] = Field(min_length=1)
    decides: tuple[Phrase, ...] = Field(
        default=(), description="Where one of these stands, the topic is this one without weighing."
    )
    weak: bool = Field(default=False, description="Gives way to any other topic that is there.")


Scope = Literal["sentence", "near", "around", "paragraph", "story", "title", "document"]


class ContextSpec(Options):
    """What else must be there."""

    any: tuple[Phrase, ...] = Field(min_length=1, description="One of these phrases.")
    within: Scope = "sentence"


class DocumentSpec(Options):
    """A text to try a rule on; a plain string is the text of a news document."""

    text: str
    title: str = ""
    kind: DocumentKind = DocumentKind.NEWS
    published: str = "2025-06-12"
    url: str = ""
    states: tuple[str, ...] = ()
    fields: dict[str, str] = Field(default_factory=dict)
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    links_added: tuple[str, ...] = ()
    links_removed: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return {"text": value} if isinstance(value, str) else value


class FixturesSpec(Options):
    """Texts that the rule must find, and texts on which it must stay silent."""

    fires: tuple[DocumentSpec, ...] = Field(min_length=1)
    silent: tuple[DocumentSpec, ...] = Field(min_length=1)


class RuleSpec(Options):
    """What all kinds of rules share."""

    id: RuleId
    about: str = Field(description="What the rule finds, in a sentence.")
    kind: str = "phrase"
    type: EventType | None = None
    types: dict[str, EventType] = Field(
        default_factory=dict, description="Event type by topic, where the topic decides."
    )
    stage: Stage
    direction: Direction | None = None
    directions: dict[str, Direction] = Field(default_factory=dict)
    worth: Worth = Worth.ALERT
    instrument: Instrument | None = None
    target: Literal["local_agencies", "ice"] | None = None
    shadow: bool = Field(default=False, description="Runs and is counted, but tells nobody.")
    fixtures: FixturesSpec

    @model_validator(mode="after")
    def _one_type(self) -> RuleSpec:
        if (self.type is None) == (not self.types):
            raise ValueError("give either `type` or `types`")
        if self.type is not None and self.direction is None:
            raise ValueError("a rule with `type` needs a `direction`")
        return self


class PackFile(Options):
    """One file of a pack; all files of a folder make the pack."""

    vocabularies: dict[Name, VocabularySpec] = Field(default_factory=dict)
    guards: dict[Name, GuardSpec] = Field(default_factory=dict)
    topics: dict[Name, TopicSpec] = Field(default_factory=dict)
    set_aside: dict[Name, SetAsideSpec] = Field(default_factory=dict)
    rules: tuple[dict[str, object], ...] = ()
