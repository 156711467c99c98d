"""libyaml and Python's parser give the same nodes on the same lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitor.catalogue.document import _Loader
from monitor.detect.pack import RuleYaml
from monitor.extract.yaml_nodes import composed, constructed

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "monitor" / "data").rglob("*.yaml")), ROOT / "feeds.yaml"]


def _shape(node: yaml.Node | None) -> Any:
    """Tag, line and content of every node."""
    if node is None:
        return None
    at = (node.tag, node.start_mark.line)
    if isinstance(node, yaml.MappingNode):
        return (*at, [(_shape(key), _shape(value)) for key, value in node.value])
    if isinstance(node, yaml.SequenceNode):
        return (*at, [_shape(value) for value in node.value])
    return (*at, node.value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("loader", [RuleYaml, _Loader])
def test_own_files_read_the_same(path: Path, loader: type[yaml.SafeLoader]) -> None:
    text = path.read_text("utf-8")
    assert _shape(composed(text, loader)) == _shape(yaml.compose(text, Loader=loader))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["on", "8:00"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(value=VALUES, flow=st.sampled_from([None, True, False]))
def test_written_values_read_the_same(value: object, flow: bool | None) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    node = composed(text, RuleYaml)
    assert _shape(node) == _shape(yaml.compose(text, Loader=RuleYaml))
    assert constructed(node, RuleYaml) == yaml.load(text, Loader=RuleYaml)


@given(text=st.text(alphabet="ab:-[]{}\"'#&* \n\t,?%@`\u00e9", max_size=30))
def test_broken_text_gives_the_same_words(text: str) -> None:
    def told(read: Any) -> tuple[str, str]:
        try:
            return "", repr(_shape(read()))
        except yaml.YAMLError as error:
            return str(getattr(error, "problem", error)), repr(getattr(error, "problem_mark", None))

    ours = told(lambda: composed(text, RuleYaml))
    theirs = told(lambda: yaml.compose(text, Loader=RuleYaml))
    assert ours[0] == theirs[0]
