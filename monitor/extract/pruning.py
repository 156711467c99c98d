"""What trafilatura prunes from a page, found by asking each id and class once.

Trafilatura looks for comments and for articles appended to a page by regular expressions over the
`id` and `class` of each container: two calls from C to Python for each element, a third of what it
takes to extract a page. A page has few different ids and classes. What is found is the same: the
tests are read out of trafilatura's own paths, and a path of another form, as another version may
have it, is left as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from lxml import etree

_TEST = r"re:test\(@(id|class), '([^'&]*)'\)"
#: Containers by name that pass one test or another, and perhaps more.
_ANY_TEST = re.compile(
    r"\s*\.//\*\[(self::\w+(?:\s+or\s+self::\w+)*)\]"
    rf"\[\s*({_TEST}(?:\s+or\s+{_TEST})*)\s*\]"
    r"(?:\[((?:'[^']*'|[^'\[\]])*)\])?\s*"
)
_SPACES = {"re": "http://exslt.org/regular-expressions"}
_TESTS = re.compile(_TEST)
_TAGS = re.compile(r"self::(\w+)")
#: Where trafilatura holds lists of paths that it runs on each whole page.
_LISTS = ("RAW_TREE_PRUNE_XPATH", "REMOVE_COMMENTS_AND_LISTS_XPATH")
Found = list[etree._Element]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceTested:
    """A path to containers whose id or class fits one of its tests."""

    tags: tuple[str, ...]
    tests: tuple[tuple[str, re.Pattern[str]], ...]  #: attribute, and what its value must hold
    rest: etree.XPath | None  #: what must be true besides of an element that fits

    def __call__(self, tree: etree._Element) -> Found:
        """The elements that the path finds, in the document's order."""
        fits = cache(self._fits)
        return [
            element
            for element in tree.iter(*self.tags)
            if fits(element.get("id") or "", element.get("class") or "")
            and element is not tree
            and (self.rest is None or self.rest(element))
        ]

    def _fits(self, ident: str, classes: str) -> bool:
        values = {"id": ident, "class": classes}
        return any(pattern.search(values[name]) for name, pattern in self.tests)


def once_tested(path: Any) -> Any:
    """The path in that form; a path of another form is given back."""
    form = _ANY_TEST.fullmatch(getattr(path, "path", ""))
    if form is None:
        return path
    rest = form[form.re.groups]
    return OnceTested(
        tags=tuple(_TAGS.findall(form[1])),
        tests=tuple((name, re.compile(test)) for name, test in _TESTS.findall(form[2])),
        rest=etree.XPath(f"boolean(self::*[{rest}])", namespaces=_SPACES) if rest else None,
    )


@cache
def extractor() -> ModuleType:
    """Trafilatura, imported when the first page asks for it: that takes a third of a second.

    Its own lists of paths are changed in place, for the whole process: it offers no other way to
    give it a path. What they find stays the same.
    """
    import trafilatura  # noqa: PLC0415
    from trafilatura import xpaths  # noqa: PLC0415

    for name in _LISTS:
        paths = getattr(xpaths, name, None)
        if isinstance(paths, list):
            paths[:] = map(once_tested, paths)
    return trafilatura
