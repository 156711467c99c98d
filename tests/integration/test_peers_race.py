"""The races with other programs: what is made of their runs and words, and a small race of ours."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from bench.document import sections
from bench.peers import programs, races, world
from bench.peers.programs import Program
from bench.peers.race import Failed, Run, run, setup


def a_run(program: str, units: int, cpu_s: float) -> Run:
    return Run(
        program=program,
        language="",
        work="",
        units=units,
        cpu_s=cpu_s,
        wall_s=0,
        peak_mb=0,
        noticed=0,
    )


def a_program(*code: str) -> Program:
    return Program(
        name="a peer",
        command=lambda _: [sys.executable, "-c", *code],
        prepare=lambda directory, urls: None,
        noticed=lambda directory, output: int(output),
    )


def told(table: races.Table) -> list[dict[str, object]]:
    out = io.StringIO()
    with redirect_stdout(out):
        table.tell()
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_slope_leaves_the_start_out_and_ratios_stand_beside_ours() -> None:
    table = races.Table("feeds", "feed")
    for one in (
        a_run("this program", 200, 1.1),
        a_run("this program", 2000, 1.1 + 1.8 * 0.25),
        a_run("reader", 200, 0.4),
        a_run("reader", 2000, 0.4 + 1.8 * 1.5),
        a_run("slow", 25, 1.0),
        a_run("slow", 250, 1.9),
        a_run("once", 2000, 9.0),
    ):
        table.add(one)
    slope, whole = told(table)
    assert slope["used"] == {"this program": 0.25, "reader": 1.5, "slow": 4.0}
    assert slope["times_ours"] == {"reader": 6.0, "slow": 16.0}
    assert whole["used"] == {"this program": 1.55, "reader": 3.1, "once": 9.0}


def test_without_a_run_of_ours_nothing_is_compared() -> None:
    table = races.Table("feeds", "feed")
    table.add(a_run("reader", 200, 0.4))
    assert told(table) == []


def test_a_program_that_is_left_out_is_a_row_and_no_heading() -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        out.write("# other programs: feeds\n")
        programs.left_out("newsboat", "no package")
    assert list(sections(out.getvalue().splitlines())) == [
        ("other programs: feeds", [{"program": "newsboat", "left_out": "no package"}])
    ]


def database(path: Path, table: str, column: str, values: list[str]) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE {table} ({column} TEXT, summary TEXT)")
        connection.executemany(f"INSERT INTO {table} ({column}) VALUES (?)", [(v,) for v in values])


def test_what_each_program_noticed_is_read_where_it_keeps_it(tmp_path: Path) -> None:
    long, short = "x" * 4000, "x"
    database(tmp_path / "reader.db", "entries", "content", [long, short])
    database(tmp_path / "cache.db", "rss_item", "content", [long, long, short])
    database(tmp_path / "db.sqlite", "feedcache", "guid", ["a", "b"])
    (tmp_path / "data.json").write_text(json.dumps({"feeds": [{"seen": {"a": 1}}, {}]}))
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "f0").write_text(f"1\t{long}\n2\t{short}\n")
    bin_ = tmp_path / "bin"
    expected = (
        (programs._reader(bin_), 2, 1),
        (programs._newsboat("newsboat"), 3, 2),
        (programs._feed2exec(bin_), 2, None),
        (programs._rss2email(bin_), 1, None),
        (programs._sfeed("sfeed_update"), 2, 1),
    )
    for program, noticed, kept in expected:
        assert program.noticed(tmp_path, "") == noticed, program.name
        assert (program.kept and program.kept(tmp_path)) == kept, program.name
    words = "CHANGED: p1 ( http://a )\nChanged: p1\nCHANGED: p12\nnew: p3\n"
    assert programs._urlwatch(bin_).noticed(tmp_path, words) == 2


def test_a_run_that_fails_is_told_and_one_that_has_news_is_none(tmp_path: Path) -> None:
    reports = a_program("import sys; print(7); sys.exit(1)")
    setup(reports, tmp_path / "a", [])
    one = run(reports, tmp_path / "a", "work", 3)
    assert one.noticed == 7
    assert one.cpu_s > 0
    assert one.peak_mb > 1
    silent = a_program("print('no number')")
    assert run(silent, tmp_path / "a", "work", 3).noticed == -1
    with pytest.raises(Failed, match=r"a peer failed \(3\): last words"):
        run(a_program("import sys; print('last words'); sys.exit(3)"), tmp_path / "a", "work", 3)


def test_what_cannot_be_installed_is_named_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    broken = tmp_path / "bin" / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("BENCH_PEERS_VENV", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    out = io.StringIO()
    with redirect_stdout(out):
        programs.install(tmp_path / "unused")
    names = {json.loads(line)["program"] for line in out.getvalue().splitlines()}
    assert {"reader", "feed2exec", "rss2email", "urlwatch", "webchanges"} <= names
    assert names - {"nginx"} == {name for name, _ in programs.PIP} | {"newsboat", "sfeed_update"}
    assert programs.page_programs(tmp_path / "bin") == []


@pytest.fixture
def served(tmp_path: Path) -> Iterator[world.World]:
    started = world.start(tmp_path)
    yield started
    started.stop()


def test_our_own_program_notices_what_the_races_show_it(
    served: world.World, tmp_path: Path
) -> None:
    directory = tmp_path / "pages"
    program = races.own_pages(directory)
    served.pages(0, 3)
    setup(program, directory, [served.page_url(n) for n in range(3)])
    first = run(program, directory, "first read", 3)
    served.pages(12, 1)
    assert first.noticed == 3
    assert run(program, directory, "one changed", 3).noticed == 4
    directory = tmp_path / "feeds"
    program = races.own_feeds(directory)
    served.feeds(world.ENTRIES, 3)
    setup(program, directory, [served.feed_url(n) for n in range(3)])
    assert run(program, directory, "first read", 3).noticed == 3 * world.ENTRIES
    assert program.kept is not None
    assert program.kept(directory) == 3 * world.ENTRIES
