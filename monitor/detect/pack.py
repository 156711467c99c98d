"""Loading a rule pack: YAML files in, a typed pack out, whole or not at all."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import ahocorasick_rs
import re2
import yaml
from pydantic import ValidationError

from monitor.detect.clauses.guards import Guard
from monitor.detect.clauses.symbols import Trie
from monitor.detect.language.words import word_set
from monitor.detect.lexicon import Lexicon
from monitor.detect.pack_lines import keys_twice, lines_of, unfit
from monitor.detect.pack_parts import guard_of, set_aside_of, topic_of
from monitor.detect.pack_spec import (
    GuardSpec,
    PackFile,
    RuleSpec,
    SetAsideSpec,
    TopicSpec,
    VocabularySpec,
)
from monitor.detect.phrase import NONE, Node, PhraseProblem, Terms, expand, parse
from monitor.detect.rule import Bench, Pack, Rule, Topic
from monitor.detect.set_aside import SetAside
from monitor.detect.slots.governor_names import Governors
from monitor.detect.taken import require_shown
from monitor.domain.errors import ConfigError
from monitor.extract.yaml_nodes import composed, constructed
from monitor.kinds import RuleKind

#: Symbols that are read by code, not by vocabularies (docs/rules.md, Symbols).
BUILT_IN = word_set("program agency place bill order when money num tally start")
MAX_RULES = 2_000


class RuleYaml(yaml.SafeLoader):
    """YAML in which only true and false are booleans: `on`, `off`, `no` are words."""


RuleYaml.yaml_implicit_resolvers = {
    first: [row for row in rows if row[0] != "tag:yaml.org,2002:bool"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
RuleYaml.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re2.compile("^(?:true|false)$"), ["t", "f"]
)
Kinds = Mapping[str, RuleKind[Any, Any, Any]]


def load(files: Mapping[str, str], kinds: Kinds, governors: str = "") -> Pack:
    """A pack from (file name -> YAML text); `governors` is CSV of
    surname, state, and 1 where the bare name is enough.

    Raises ConfigError with every problem at once, each with file, line and, where a name is
    unknown, the nearest known one. Nothing of a pack with a problem is used.
    """
    loader = _Loader(kinds)
    for name in sorted(files):
        loader.read(name, files[name])
    pack = loader.pack(_governors(governors), _version(files))
    if loader.problems or pack is None:
        count = len(loader.problems)
        raise ConfigError(f"the rule pack has {count} problem(s)", tuple(loader.problems))
    return pack


def _version(files: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].encode() + b"\0")
    return digest.hexdigest()[:12]


def _governors(table: str) -> Governors:
    """Surname -> (state, whether the bare name is enough); names of several are left out."""
    rows = [line.split(",") for line in table.splitlines() if line and not line.startswith("#")]
    found: dict[str, tuple[str, bool]] = {}
    shared = set()
    for surname, state, bare in rows:
        known = found.setdefault(surname.lower(), (state, bare.strip() == "1"))
        if known[0] != state:
            shared.add(surname.lower())
    return {name: row for name, row in found.items() if name not in shared}


@dataclass(slots=True)
class _Loader:
    kinds: Kinds
    problems: list[str] = field(default_factory=list)
    vocabularies: dict[str, VocabularySpec] = field(default_factory=dict)
    guards: dict[str, GuardSpec] = field(default_factory=dict)
    topics: dict[str, TopicSpec] = field(default_factory=dict)
    set_aside: dict[str, SetAsideSpec] = field(default_factory=dict)
    rules: list[tuple[str, RuleSpec]] = field(default_factory=list)
    where: dict[tuple[str, str], str] = field(default_factory=dict)

    # reading ------------------------------------------------------------------------------

    def read(self, name: str, text: str) -> None:
        """One file; its problems are kept."""
        try:
            node = composed(text, RuleYaml)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            self.problems.append(
                f"{name}:{line}: not valid YAML: {getattr(error, 'problem', error)}"
            )
            return
        except RecursionError:
            self.problems.append(f"{name}:1: nested too deeply")
            return
        if node is not None and (reason := unfit(node)):
            self.problems.append(f"{name}:{node.start_mark.line + 1}: {reason}")
            return
        lines = lines_of(node) if node is not None else {}
        value = constructed(node, RuleYaml) or {}
        self.problems += [f"{name}:{row}: '{key}' stands twice" for row, key in keys_twice(node)]
        try:
            spec = PackFile.model_validate(value)
        except ValidationError as error:
            self._invalid(name, error, lines, PackFile, ())
            return
        self._keep(name, spec, lines)

    def _keep(self, name: str, spec: PackFile, lines: Mapping[tuple[Any, ...], int]) -> None:
        for section, rows in (
            ("vocabularies", spec.vocabularies), ("guards", spec.guards), ("topics", spec.topics),
            ("set_aside", spec.set_aside),
        ):  # fmt: skip
            for key in rows:
                self._place(section, key, f"{name}:{lines.get((section, key), 1)}")
        self.vocabularies |= spec.vocabularies
        self.guards |= spec.guards
        self.topics |= spec.topics
        self.set_aside |= spec.set_aside
        for number, block in enumerate(spec.rules):
            self._rule(name, number, dict(block), lines)

    def _place(self, section: str, key: str, at: str) -> None:
        if (section, key) in self.where:
            self.problems.append(
                f"{at}: {section} '{key}' is already at {self.where[section, key]}"
            )
        self.where[section, key] = at

    def _rule(
        self, name: str, number: int, block: dict[str, object], lines: Mapping[tuple[Any, ...], int]
    ) -> None:
        at = f"{name}:{lines.get(('rules', number), 1)}"
        kind_name = str(block.get("kind", "phrase"))
        kind = self.kinds.get(kind_name)
        if kind is None:
            self.problems.append(f"{at}: unknown kind '{kind_name}'{_hint(kind_name, self.kinds)}")
            return
        try:
            spec = kind.options.model_validate(block)
        except ValidationError as error:
            self._invalid(name, error, lines, kind.options, ("rules", number))
            return
        self._place("rules", spec.id, at)
        self.rules.append((at, spec))

    def _invalid(
        self,
        name: str,
        error: ValidationError,
        lines: Mapping[tuple[Any, ...], int],
        model: type[Any],
        root: tuple[Any, ...],
    ) -> None:
        for problem in error.errors():
            path = (*root, *problem["loc"])
            line = next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), 1)
            field_name = str(problem["loc"][-1]) if problem["loc"] else ""
            hint = ""
            if problem["type"] == "extra_forbidden":
                hint = _hint(field_name, model.model_fields)
            elif problem["type"] in {"enum", "literal_error"}:
                expected = str(problem.get("ctx", {}).get("expected", ""))
                words = expected.replace("'", "").replace(" or ", ", ").split(", ")
                hint = _hint(str(problem.get("input")), words)
            where = ".".join(str(part) for part in problem["loc"])
            self.problems.append(f"{name}:{line}: {where}: {problem['msg']}{hint}")

    # building -----------------------------------------------------------------------------

    def pack(self, governors: Governors, version: str) -> Pack | None:
        """The pack; None when something before was wrong."""
        if self.problems:
            return None
        terms = self._terms()
        symbols = Trie.of(self._symbols(terms))
        self._shown(terms, symbols)
        plain = Bench(terms=terms, symbols=symbols, guards={}, topics={})
        bench = replace(plain, guards=self._guards(plain), topics=self._topics(plain))
        rules, aside = self._rules(bench), self._set_aside(bench)
        if self.problems:
            return None
        anchors = self._anchors(terms)
        return Pack(
            rules=tuple(rules),
            bench=bench,
            beside=_beside(rules, bench.lexicon),
            anchor_words=anchors,
            anchor_scan=ahocorasick_rs.AhoCorasick(
                sorted(anchors),
                matchkind=ahocorasick_rs.MatchKind.LeftmostLongest,
                implementation=ahocorasick_rs.Implementation.DFA,  # reads twice as fast
            ),
            governors=governors,
            version=version,
            set_aside=aside,
            preview=bench.united(("{preview}",)) if "preview" in bench.terms.vocabularies else NONE,
        )

    def _terms(self) -> Terms:
        symbols = frozenset(n for n, v in self.vocabularies.items() if v.symbol) | BUILT_IN
        nodes: dict[str, tuple[Node, ...]] = {}
        for name, spec in self.vocabularies.items():
            at = self.where["vocabularies", name]
            nodes[name] = tuple(self._parsed(at, term) for term in spec.terms)
        plain = {name: found for name, found in nodes.items() if name not in symbols}
        self._cycles(plain)
        return Terms(symbols, plain)

    def _parsed(self, at: str, phrase: str) -> Node:
        try:
            return parse(phrase)
        except PhraseProblem as problem:
            self.problems.append(f"{at}: {problem}")
            return parse("broken")

    def _cycles(self, nodes: Mapping[str, tuple[Node, ...]]) -> None:
        uses = {name: frozenset(_names(found)) for name, found in nodes.items()}
        for name in nodes:
            seen: set[str] = set()
            todo = list(uses[name])
            while todo:
                other = todo.pop()
                if other == name:
                    at = self.where["vocabularies", name]
                    self.problems.append(f"{at}: vocabulary '{name}' uses itself")
                    break
                if other not in seen:
                    seen.add(other)
                    todo += uses.get(other, frozenset())

    def _symbols(self, terms: Terms) -> dict[tuple[str, ...], str]:
        found: dict[tuple[str, ...], str] = {}
        if self.problems:
            return found
        for name, spec in self.vocabularies.items():
            if not spec.symbol:
                continue
            for term in spec.terms:
                found |= dict.fromkeys(self._expanded(name, term, terms), name.upper())
        return found

    def _expanded(self, name: str, term: str, terms: Terms) -> tuple[tuple[str, ...], ...]:
        try:
            return expand(parse(term), terms)
        except PhraseProblem as problem:
            self.problems.append(f"{self.where['vocabularies', name]}: {problem}")
            return ()

    def _shown(self, terms: Terms, symbols: Trie) -> None:
        """Plain vocabularies ask for nothing that lines show as a symbol.

        Anchors are looked for in the text itself.
        """
        for name, nodes in terms.vocabularies.items():
            if self.vocabularies[name].anchor:
                continue
            for node in nodes:
                try:
                    require_shown(node, symbols)
                except PhraseProblem as problem:
                    self.problems.append(f"{self.where['vocabularies', name]}: {problem}")

    def _guards(self, bench: Bench) -> dict[str, Guard]:
        made = {}
        for name, spec in self.guards.items():
            try:
                made[name] = guard_of(name, spec, bench)
            except PhraseProblem as problem:
                self._unknown(self.where["guards", name], str(problem))
        return made

    def _topics(self, bench: Bench) -> dict[str, Topic]:
        made = {}
        for name, spec in self.topics.items():
            try:
                made[name] = topic_of(name, spec, bench)
            except PhraseProblem as problem:
                self._unknown(self.where["topics", name], str(problem))
        return made

    def _set_aside(self, bench: Bench) -> tuple[SetAside, ...]:
        made = []
        for name, spec in self.set_aside.items():
            try:
                made.append(set_aside_of(name, spec, bench))
            except PhraseProblem as problem:
                self._unknown(self.where["set_aside", name], str(problem))
        return tuple(made)

    def _rules(self, bench: Bench) -> list[Rule]:
        made: list[Rule] = []
        if len(self.rules) > MAX_RULES:
            self.problems.append(f"{self.rules[-1][0]}: more than {MAX_RULES} rules")
            return made
        for at, spec in self.rules:
            kind = self.kinds[spec.kind]
            try:
                prepared = kind.prepare(spec, bench)
            except ValueError as problem:
                self._unknown(at, f"rule '{spec.id}': {problem}", bench)
                continue
            number = len(made)
            made.append(
                Rule(number=number, spec=spec, version=_rule_version(spec), kind=kind,
                     prepared=prepared)
            )  # fmt: skip
        return made

    def _unknown(self, at: str, problem: str, bench: Bench | None = None) -> None:
        """A problem, with the nearest name where one is unknown."""
        hint = ""
        for what, known in (
            ("unknown vocabulary '", [*self.vocabularies, *BUILT_IN]),
            ("unknown guard '", list(self.guards)),
            ("unknown topic '", list(self.topics)),
        ):
            if what in problem:
                name = problem.split(what)[1].split("'", maxsplit=1)[0]
                if name in known:
                    return  # it is there, and its own problem is told
                hint = _hint(name, known)
        self.problems.append(f"{at}: {problem}{hint}")

    def _anchors(self, terms: Terms) -> frozenset[str]:
        found: set[str] = set()
        for name, spec in self.vocabularies.items():
            if spec.anchor:
                for term in spec.terms:
                    found |= {" ".join(words) for words in self._expanded(name, term, terms)}
        return frozenset(found)


def _rule_version(spec: RuleSpec) -> str:
    body = spec.model_dump_json(exclude={"fixtures", "about"})
    return hashlib.sha256(body.encode()).hexdigest()[:8]


def _names(nodes: Iterable[Node]) -> Iterable[str]:
    for node in nodes:
        yield from _names_of(node)


def _names_of(node: Node) -> Iterable[str]:
    children = getattr(node, "parts", None) or getattr(node, "options", None) or ()
    body = getattr(node, "body", None)
    if hasattr(node, "name"):
        yield node.name
    for child in (*children, *((body,) if body is not None else ())):
        yield from _names_of(child)


def _beside(rules: Iterable[Rule], lexicon: Lexicon) -> tuple[int, ...]:
    """Tell the lexicon which phrases lead to which rule; gives the rules that read no lines."""
    elsewhere = []
    for rule in rules:
        if rule.spec.kind != "phrase":
            elsewhere.append(rule.number)
            continue
        for phrase, demand in enumerate(getattr(rule.prepared, "demands", ())):
            lexicon.lead(rule.number, phrase, demand.keys, demand.bits)
    return tuple(elsewhere)


def _hint(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""
