"""One finding per bill where one sentence lists several: "signed SB 2-C and SB 4-C". Pure.

Two bills are two events, so a finding about a list becomes one finding for each bill of the list.
A pair with a slash ("HB 444/SB 245") is one measure with two numbers and stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import re2

from monitor.detect.slots.bill import Bill, mark_spans
from monitor.detect.watched import WATCHED
from monitor.domain.claim import Finding

_BETWEEN = re2.compile(r"^\s*(?:,|;|and|&|, and|as well as|along with)\s*$")
#: A bill under a number that the sentence leaves without its own letters is not guessed.
MAX_BILLS = 12


def each_bill(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, each followed by copies for the other bills listed with its own.

    A bill that another finding of the same type names already gets no copy, nor does one that
    only stands beside a watched bill: what it does is not known.
    """
    taken = {(finding.event_type, finding.bill) for finding in findings}
    made: list[Finding] = []
    for finding in findings:
        made.append(finding)
        if any(name == WATCHED for name, _ in finding.attributes):
            continue
        for bill in listed_with(finding.bill or "", finding.quote.text):
            if (finding.event_type, bill) not in taken:
                taken.add((finding.event_type, bill))
                made.append(replace(finding, bill=bill))
    return tuple(made)


def listed_with(bill: str, sentence: str) -> tuple[str, ...]:
    """The other bills of the list in which this bill stands, in order; at most MAX_BILLS."""
    if not bill:
        return ()
    for numbers in _lists(sentence):
        if bill in numbers:
            return tuple(number for number in numbers if number != bill)[:MAX_BILLS]
    return ()


def _lists(sentence: str) -> list[list[str]]:
    """Runs of bills with nothing but commas and "and" between them."""
    runs: list[list[str]] = []
    end = -1
    for token in mark_spans(sentence, 0, len(sentence)):
        if not (isinstance(token.value, Bill) and token.value.kind == "bill"):
            continue
        between = sentence[end : token.start] if end >= 0 else ""
        if not (runs and _BETWEEN.match(between)):
            runs.append([])
        runs[-1].append(token.value.number)
        end = token.end
    return runs
