"""Evidence bundles prove themselves: any changed byte is found, and nothing hostile gets out."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from monitor.domain.commit import PageCommit
from monitor.domain.event import Event
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.services import warc
from monitor.services.bundle import pack, sealed, unpack
from monitor.services.evidence import NoEvidence, gather, write
from monitor.services.proof import problems
from storage.store import SqlStore, open_store
from tests.facts import NOW, SOURCE, claim, event, evidence, record, revision, snapshot

HOSTILE = "<script>alert(1)</script>\u202e <!channel>\r\nBcc: x@example.org"


def filled(store: SqlStore) -> Event:
    """An event with two captures and three records, other events of its source between them."""
    first = replace(
        snapshot(b"<p>signed</p>"),
        headers=(
            ("content-type", "text/html"),
            ("content-encoding", "gzip"),
            ("x-bad", "a\r\nb: c"),
        ),
        redirects=((301, "https://herald.example/a"),),
        robots="allowed",
    )
    said = replace(claim(), snapshot_id=first.id, item_id=revision(text="signed today").item.id)
    opened = event(0, evidence=(evidence(first, said),), title=HOSTILE, quote="signed")
    store.commit_page(
        PageCommit(
            source_id=SOURCE,
            snapshots=(first,),
            revisions=(replace(revision(text="signed today"), snapshot_id=first.id),),
            claims=(said,),
            records=(record(opened, claim=said),),
        )
    )
    store.append([record(event(n)) for n in range(1, 5)])
    store.checkpoint(NOW)
    second = snapshot(bytes(range(256)) * 8, NOW + timedelta(hours=1))
    climbed = replace(
        opened, status=Rung.OFFICIAL, evidence=(*opened.evidence, evidence(second, claim(1)))
    )
    later = record(climbed, RecordKind.CLIMBED, NOW + timedelta(hours=1))
    store.commit_page(PageCommit(source_id=SOURCE, snapshots=(second,), records=(later,)))
    store.append([record(event(5))])
    store.checkpoint(NOW + timedelta(hours=2))
    store.append([record(climbed, RecordKind.REVIEWED, NOW + timedelta(hours=3), chain="people")])
    return climbed


def bundle_of(store: SqlStore, of: Event) -> bytes:
    return write(gather(store, of.id), at=NOW, program="policy-monitor/test")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    directory = tmp_path_factory.mktemp("evidence")
    store = open_store(f"sqlite:///{directory}/monitor.db", directory)
    data = bundle_of(store, filled(store))
    store.close()
    return data


def test_a_bundle_of_either_database_proves_itself(store: SqlStore) -> None:
    data = bundle_of(store, filled(store))
    assert problems(data) == ()
    members = unpack(data)
    lines = [json.loads(line) for line in members["records.jsonl"].splitlines()]
    assert [line["of_event"] for line in lines] == [True, *[False] * 4, True, False, True]
    manifest = json.loads(members["manifest.json"])
    assert manifest["records_without_checkpoint"] == 1
    assert "sealed" in manifest["warning"]
    (said,) = json.loads(members["claims.json"])
    assert (said["verbatim"], said["rule"], said["rule_version"]) == (True, "agreement", "1")


def test_the_warc_holds_bytes_headers_and_facts(bundle: bytes) -> None:
    records = []
    for found in ArchiveIterator(
        io.BytesIO(unpack(bundle)["captures.warc.gz"]), check_digests=True
    ):
        body = found.content_stream().read()
        records.append((found.rec_type, found.http_headers, body))
    kinds = [kind for kind, _, _ in records]
    assert kinds == ["warcinfo", *["response", "metadata"] * 2]
    headers = dict(records[1][1].headers)
    assert headers["x-archive-orig-content-encoding"] == "gzip"
    assert headers["x-bad"] == "a??b: c"
    assert {body for kind, _, body in records if kind == "response"} == {
        b"<p>signed</p>",
        bytes(range(256)) * 8,
    }
    facts = json.loads(records[2][2])
    assert facts["redirects"] == [[301, "https://herald.example/a"]]
    assert facts["robots"] == "allowed"


def test_s8_the_cover_page_is_inert(bundle: bytes) -> None:
    members = unpack(bundle)
    page, text = members["cover.html"].decode(), members["cover.txt"].decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert "<a " not in page
    assert "<img" not in page
    assert "\u202e" not in page + text
    assert "\nBcc:" not in text


@settings(max_examples=250)
@given(st.data())
def test_any_flipped_bit_is_found(bundle: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(bundle) - 1))
    bit = data.draw(st.integers(0, 7))
    flipped = bytearray(bundle)
    flipped[position] ^= 1 << bit
    assert problems(bytes(flipped)) != ()


@pytest.mark.long
def test_every_flipped_byte_is_found(bundle: bytes) -> None:
    for position in range(len(bundle)):
        flipped = bytearray(bundle)
        flipped[position] ^= 0xFF
        assert problems(bytes(flipped)) != (), position


@settings(max_examples=60)
@given(st.data())
def test_what_is_cut_doubled_or_appended_is_found(bundle: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(bundle) - 1))
    assert problems(bundle[:cut]) != ()
    assert problems(bundle + bundle[cut:]) != ()
    assert problems(bundle[cut : cut + 1] + bundle) != ()


@pytest.mark.parametrize(
    ("member", "was", "becomes", "told"),
    [
        ("records.jsonl", b"Dallas", b"Austin", "not the one that was hashed"),
        ("event.json", b"Dallas", b"Austin", "event.json"),
        ("checkpoints.jsonl", b"herald", b"hersld", "checkpoint"),
        ("captures.jsonl", b"herald.example/a", b"forged.example/a", "capture"),
        ("claims.json", b'"verbatim": true', b'"verbatim": false', "claim"),
    ],
)
def test_a_forger_who_seals_anew_is_found_by_the_chains(
    bundle: bytes, member: str, was: bytes, becomes: bytes, told: str
) -> None:
    """The manifest alone can be made again by anybody; the log's own hashes cannot."""
    members = unpack(bundle)
    manifest = json.loads(members.pop("manifest.json"))
    del members["manifest.sha256"]
    assert was in members[member]
    members[member] = members[member].replace(was, becomes)
    facts = {k: v for k, v in manifest.items() if k not in ("format", "members")}
    found = problems(pack(sealed(members, facts)))
    assert any(told in problem for problem in found), found


def test_another_body_under_the_same_name_is_found(bundle: bytes) -> None:
    members = unpack(bundle)
    other = open_store("sqlite://", None)
    try:
        changed = filled_with_other_bytes(other)
    finally:
        other.close()
    members["captures.warc.gz"] = changed
    manifest = json.loads(members.pop("manifest.json"))
    del members["manifest.sha256"]
    facts = {k: v for k, v in manifest.items() if k not in ("format", "members")}
    found = problems(pack(sealed(members, facts)))
    assert any("capture" in problem for problem in found)


def filled_with_other_bytes(store: SqlStore) -> bytes:
    gathered = gather(store, filled(store).id)
    forged = []
    for capture in gathered.snapshots:
        made = replace(capture, body=capture.body + b"!")
        object.__setattr__(made, "id", capture.id)
        forged.append(made)
    return warc.write(forged, "forger")


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "/etc/passwd", "a/b/c.txt", "C:evil.txt", "evil\x00.txt", "..", "x" * 300],
)
def test_s13_a_bundle_with_strange_names_is_refused_and_writes_nothing(
    bundle: bytes, name: str, tmp_path: Path
) -> None:
    members = {**unpack(bundle), name: b"owned"}
    file = tmp_path / "in" / "bundle.zip"
    file.parent.mkdir()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for each, data in members.items():
            packed.writestr(zipfile.ZipInfo(each), data)
    assert problems(file.read_bytes()) != ()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["bundle.zip"]


def test_s4_a_bomb_is_refused_before_it_is_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("event.json", b"\0" * 50_000_000)
    (problem,) = problems(buffer.getvalue())
    assert "not stored as it is" in problem


def test_an_event_nobody_knows_is_told(store: SqlStore) -> None:
    with pytest.raises(NoEvidence, match="monitor events"):
        gather(store, "0" * 32)


def test_the_verbs_from_a_shell(tmp_path: Path, bundle: bytes) -> None:
    """`verify BUNDLE` makes no store and speaks by its exit code."""
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(bundle)
    bad.write_bytes(bundle[:-40] + b"x" + bundle[-39:])
    environment = {"MONITOR_DATA_DIR": str(tmp_path / "var"), "PATH": "/usr/bin:/bin"}
    codes = [
        subprocess.run(
            [sys.executable, "-c", "from monitor.cli.main import main; main()", "verify", file],
            env=environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=False,
        ).returncode
        for file in (good, bad, tmp_path / "none.zip")
    ]
    assert codes == [0, 1, 2]
    assert not (tmp_path / "var").exists()
