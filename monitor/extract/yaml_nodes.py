"""YAML text to nodes that remember their lines, by libyaml where it is there."""

from __future__ import annotations

from typing import Any

import yaml

#: Of what names no tag and looks like nothing else.
_TAG_OF: dict[type[Any], str] = {
    yaml.ScalarNode: "tag:yaml.org,2002:str",
    yaml.SequenceNode: "tag:yaml.org,2002:seq",
    yaml.MappingNode: "tag:yaml.org,2002:map",
}


def composed(text: str, loader: type[yaml.SafeLoader]) -> yaml.Node | None:
    """The document's node, None for an empty one, as the loader's own parser gives it.

    libyaml does it at a tenth of the cost. What it refuses is read again by the loader, whose
    words and places are told; so is text with tabs, of which libyaml takes more. (It also takes a
    comment that touches a block mark, `|#`, and reads a lone `!` as an empty text.) Raises
    yaml.YAMLError, RecursionError for what is nested too deeply.
    """
    if "\t" in text:
        return yaml.compose(text, Loader=loader)
    try:
        node: yaml.Node | None = _quick(loader)(text).get_single_node()
    except yaml.YAMLError:
        return yaml.compose(text, Loader=loader)
    return node


def constructed(node: yaml.Node | None, loader: type[yaml.SafeLoader]) -> object:
    """The plain value of a node, as the loader's constructor gives it."""
    return None if node is None else loader("").construct_document(node)


def _quick(loader: type[yaml.SafeLoader]) -> type[Any]:
    """The loader with libyaml's parser and the same resolvers; itself where there is no libyaml."""
    if not yaml.__with_libyaml__:
        return loader
    known = loader.yaml_implicit_resolvers
    wild = known.get(None, [])

    def resolve(_: object, kind: type[Any], value: str, implicit: tuple[bool, bool]) -> str | None:
        """As the loader's own, where no path decides a tag: most of composing is this."""
        if kind is yaml.ScalarNode and implicit[0]:
            for tag, pattern in (*known.get(value[:1], ()), *wild):
                if pattern.match(value):
                    return str(tag)
        return _TAG_OF.get(kind)

    def stay(_: object, *where: object) -> None:
        """No path decides a tag: nothing is remembered of the way to a node."""

    parts = {
        "yaml_implicit_resolvers": known,
        "resolve": resolve,
        "descend_resolver": stay,
        "ascend_resolver": stay,
    }
    return type(f"Quick{loader.__name__}", (yaml.CSafeLoader,), parts)
