"""The parts of a pack besides its rules, compiled: guards, topics, what is set aside."""

from __future__ import annotations

from monitor.detect.clauses.guards import Guard
from monitor.detect.pack_spec import GuardSpec, SetAsideSpec, TopicSpec
from monitor.detect.rule import Bench, Topic
from monitor.detect.set_aside import SetAside


def guard_of(name: str, spec: GuardSpec, bench: Bench) -> Guard:
    """A guard with its phrases compiled. Raises PhraseProblem."""
    before = tuple(f"{phrase} ..{spec.within}" for phrase in spec.before)
    return Guard(
        name=name,
        before=bench.united(before, end=True),
        opens=frozenset(spec.opens),
        after=bench.united(spec.after),
        sentence=bench.united(spec.sentence),
        title=bench.united(spec.title),
        opening=bench.united(spec.opening),
        document=bench.united(spec.document),
        unless=bench.united(spec.unless, end=True),
        act=spec.act,
        unless_sentence=bench.united(spec.unless_sentence),
        unless_fresh=spec.unless_fresh,
        everywhere=spec.everywhere,
        weakens=spec.weakens,
    )


def set_aside_of(name: str, spec: SetAsideSpec, bench: Bench) -> SetAside:
    """A block of `set_aside` with its phrases compiled. Raises PhraseProblem."""
    return SetAside(
        name=name,
        title=bench.united(spec.title),
        head=bench.united(spec.head),
        unless_title=bench.united(spec.unless_title),
        unless_head=bench.united(spec.unless_head),
        unless_document=bench.united(spec.unless_document),
    )


def topic_of(name: str, spec: TopicSpec, bench: Bench) -> Topic:
    """A topic with its phrases compiled. Raises PhraseProblem."""
    nodes = bench.nodes(spec.phrases)
    return Topic(
        name=name,
        patterns=bench.phrases(spec.phrases),
        demands=tuple(map(bench.demand, nodes)),
        hints=bench.hints(nodes),
        decides=bench.united(spec.decides),
        weak=spec.weak,
    )
