"""The JSON Schema of rule-pack files, for editors; generated, never written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.detect.pack_spec import PackFile
from monitor.kinds import RuleKind


def json_schema(kinds: Mapping[str, RuleKind[Any, Any, Any]]) -> dict[str, Any]:
    """JSON Schema (2020-12) of one file of a pack, with the blocks of these kinds of rules."""
    schema = PackFile.model_json_schema()
    definitions = schema.setdefault("$defs", {})
    choices = []
    for name in sorted(kinds):
        own = kinds[name].options.model_json_schema()
        definitions |= own.pop("$defs", {})
        own["properties"]["kind"] = {"const": name, "description": kinds[name].summary}
        if name != "phrase":
            own["required"] = ["kind", *own.get("required", [])]
        definitions[f"{name}_rule"] = own
        choices.append({"$ref": f"#/$defs/{name}_rule"})
    definitions["DocumentSpec"] = {"anyOf": [{"type": "string"}, definitions["DocumentSpec"]]}
    schema["properties"]["rules"]["items"] = {"anyOf": choices}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Rule pack"
    return schema
