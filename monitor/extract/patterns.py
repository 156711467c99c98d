"""Patterns and selectors that an operator writes: checked when read, linear-time when used."""

from __future__ import annotations

from typing import Annotated

import re2
from cssselect import SelectorError
from lxml import etree
from lxml.cssselect import CSSSelector
from pydantic import AfterValidator, Field


def _pattern(value: str) -> str:
    try:
        re2.compile(value)
    except re2.error as fault:
        raise ValueError(f"no RE2 pattern: {fault}") from fault
    return value


def _selector(value: str) -> str:
    try:
        CSSSelector(value, translator="html")
    except (SelectorError, etree.XPathError) as fault:
        raise ValueError(f"no CSS selector: {fault}") from fault
    return value


#: An RE2 pattern.
Pattern = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_pattern)]
#: A CSS selector.
Selector = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_selector)]
