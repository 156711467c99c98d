"""Proving an evidence bundle offline: file, seal, chains, checkpoints, captures, quotes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from monitor.domain.chain import link_hash, text_hash
from monitor.domain.ident import content_id
from monitor.services.bundle import BundleError, file_problems, manifest_of, unpack
from monitor.services.warc import payloads

Members = Mapping[str, bytes]


def problems(data: bytes) -> tuple[str, ...]:
    """Everything wrong with a bundle, one line each; empty when all of it proves."""
    try:
        members = unpack(data)
        found = file_problems(data, members)
    except BundleError as error:
        return (str(error),)
    for prove in (_records, _checkpoints, _captures, _quotes):
        found += _tried(prove, members)
    return tuple(found)


def _tried(prove: Callable[[Members], Iterator[str]], members: Members) -> list[str]:
    """The problems of one proof; texts that cannot be read are one of them."""
    try:
        return list(prove(members))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError) as error:
        return [f"{prove.__name__.strip('_')}: cannot be read: {type(error).__name__}: {error}"]


def _lines(members: Members, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in members[name].decode().splitlines()]


def _records(members: Members) -> Iterator[str]:
    """Each record hashes to its hash; within a chain each follows the one before it."""
    ends: dict[str, str] = {}
    newest = ""
    for line in _lines(members, "records.jsonl"):
        where = f"record {line['sequence']}"
        chain, previous = line["chain"], line["previous_hash"]
        if link_hash(previous, line["sequence"], line["event"], line["body"]) != line["hash"]:
            yield f"{where}: its text is not the one that was hashed"
        if not line["of_event"] and ends.get(chain) != previous:
            yield f"{where}: does not follow its predecessor in chain {chain}"
        ends[chain] = line["hash"]
        newest = line["event"] if line["of_event"] else newest
    if members["event.json"].decode() != newest:
        yield "event.json: is not the event after its newest record"
    if json.loads(newest)["id"] != manifest_of(members)["event"]:
        yield "the manifest names another event"


def _checkpoints(members: Members) -> Iterator[str]:
    """Each checkpoint hashes to its hash, and each record leads to the end that it names."""
    marks = _lines(members, "checkpoints.jsonl")
    for mark in marks:
        if text_hash(mark["body"]) != mark["hash"]:
            yield f"checkpoint {mark['number']}: its text is not the one that was hashed"
    lines = _lines(members, "records.jsonl")
    uncovered = 0
    for line in (line for line in lines if line["of_event"]):
        covering = [m for m in marks if m["sequence"] >= line["sequence"]]
        if not covering:
            uncovered += 1
        elif not _leads(line, lines, min(covering, key=lambda m: m["sequence"])):
            yield f"record {line['sequence']}: does not lead to the end of its chain"
    if uncovered != manifest_of(members)["records_without_checkpoint"]:
        yield "the manifest miscounts the records without a checkpoint"


def _leads(line: dict[str, Any], lines: list[dict[str, Any]], mark: dict[str, Any]) -> bool:
    ends = {name: (last, digest) for name, last, _, digest in json.loads(mark["body"])["chains"]}
    last, digest = ends[line["chain"]]
    reached = line["hash"]
    for later in lines:
        if later["chain"] == line["chain"] and line["sequence"] < later["sequence"] <= last:
            if later["previous_hash"] != reached:
                return False
            reached = later["hash"]
    return bool(reached == digest)


def _captures(members: Members) -> Iterator[str]:
    """Each capture's bytes and facts give the id under which the chained event names them."""
    bodies = payloads(members["captures.warc.gz"])
    stored = {line["id"]: line for line in _lines(members, "captures.jsonl")}
    missing = set(map(str, manifest_of(members)["missing_captures"]))
    for snapshot_id, line in stored.items():
        if text_hash(line["text"]) != line["hash"]:
            yield f"capture {snapshot_id}: its text is not the one that was hashed"
        if snapshot_id in bodies and _capture_id(line["text"], bodies[snapshot_id]) != snapshot_id:
            yield f"capture {snapshot_id}: is not the one that was stored"
    for evidence in _evidence(members):
        named, address = evidence["snapshot_id"], evidence["body_hash"]
        if named in bodies:
            if hashlib.sha256(bodies[named]).hexdigest() != address:
                yield f"capture {named}: its bytes are not those the log names"
        elif named not in missing:
            yield f"capture {named}: is missing"


def _capture_id(text: str, body: bytes) -> str:
    tree = json.loads(text)
    moment = datetime.fromisoformat(tree["captured_at"])
    address = hashlib.sha256(body).hexdigest()
    return content_id(tree["source_id"], tree["request"]["url"], moment.isoformat(), address)


def _evidence(members: Members) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for line in _lines(members, "records.jsonl"):
        if line["of_event"]:
            for evidence in json.loads(line["event"]).get("evidence", []):
                found[evidence["snapshot_id"]] = evidence
    return list(found.values())


def _quotes(members: Members) -> Iterator[str]:
    """Each quote that is said to stand verbatim in its text does."""
    for claim in json.loads(members["claims.json"]):
        text = members[claim["text"]].decode() if claim["text"] else ""
        stands = claim["start"] >= 0 and text[claim["start"] : claim["end"]] == claim["quote"]
        if bool(stands) != claim["verbatim"]:
            yield f"claim {claim['claim']}: its quote does not stand where it is said to"
