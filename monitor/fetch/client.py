"""The fetcher: jobs in, outcomes out; politeness, robots, redirects and the gate in between.

One thread drives it (submit, poll). A job goes through legs, one a redirect hop; each leg waits
in the queue of its host, is allowed by the robots.txt of its origin, vetted by the gate, sent,
and judged by pure functions.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

from monitor.domain.snapshot import Blocked, Expectation, Outcome, Request
from monitor.domain.source import Politeness
from monitor.egress.address import Refused, Target, parse_target
from monitor.egress.caps import ACCEPT_ENCODING, BadEncoding, TooLarge, expand
from monitor.egress.exchange import Broken, Limits, Received, header_line
from monitor.egress.gate import Gate, Vetted
from monitor.fetch import robots
from monitor.fetch.outcome import Circumstances, broken, failed, judge, silence
from monitor.fetch.politeness import HostQueues
from monitor.fetch.redirect import STATUSES, NoHop, next_hop
from monitor.fetch.robots import RobotsFile, robots_file
from monitor.fetch.secret_parts import MissingSecret, Revealing, SecretParts, secret_parts
from monitor.fetch.transport import Transport
from monitor.ports import Clock, FetchJob

#: A job may take this many times its timeout over all hops; the timeout itself bounds standing
#: still, so that a large document over a slow line arrives and a drip does not hold on for ever.
TOTAL_FACTOR = 4
CONNECT_S = 10.0
#: A silence the host asked for is waited out when it is this short, otherwise the job is answered.
PATIENCE_S = 15.0
RESOLVER_THREADS = 8
#: Outcomes not yet taken by poll() that may pile up before no further exchange is started.
MAX_READY = 256


@dataclass(slots=True, kw_only=True, eq=False)
class _Leg:
    """A job on its way; `target` is the present hop's."""

    job: FetchJob
    target: Target
    method: str
    secrets: SecretParts
    started_at: float
    own_headers: bool = True  #: the source's headers and secrets go along (same origin so far)
    is_robots: bool = False
    robots: str = ""
    conditional: bool = False
    redirects: tuple[tuple[int, str], ...] = ()
    visited: tuple[str, ...] = ()
    deadline: float | None = None


@dataclass(slots=True)
class _Origin:
    """robots.txt of an origin, and the legs that wait for it."""

    file: RobotsFile | None = None
    until: float = 0.0
    waiting: list[_Leg] = field(default_factory=list)
    asked: bool = False


class Client:
    """Implements monitor.ports.Fetcher over libcurl."""

    def __init__(
        self,
        *,
        gate: Gate,
        clock: Clock,
        monotonic: Callable[[], float],
        user_agent: str,
        secrets: Mapping[str, Revealing] | None = None,
        max_connections: int = 100,
        ca_file: str | None = None,
    ) -> None:
        """`user_agent` is "product/version (contact)"; its product is what robots.txt is asked for.

        `secrets` are the environment's secrets by variable name. `ca_file` replaces the bundled
        certificate authorities.
        """
        self._gate = gate
        self._clock = clock
        self._monotonic = monotonic
        self._product = user_agent.partition("/")[0]
        self._secrets = secrets or {}
        self._max_connections = max_connections
        self._transport = Transport(
            gate,
            user_agent=user_agent,
            monotonic=monotonic,
            max_connections=max_connections,
            ca_file=ca_file,
        )
        self._queues: HostQueues[_Leg] = HostQueues()
        self._origins: defaultdict[str, _Origin] = defaultdict(_Origin)
        self._resolvers: ThreadPoolExecutor | None = None
        self._resolving = 0
        self._resolved: deque[tuple[_Leg, Vetted | Refused]] = deque()
        self._ready: list[tuple[FetchJob, Outcome]] = []
        self._pending = 0

    @property
    def pending(self) -> int:
        """Jobs submitted whose outcome was not yet returned by poll()."""
        return self._pending

    def submit(self, job: FetchJob) -> None:
        """Take one job; a job that cannot be sent at all gets its outcome with the next poll()."""
        self._pending += 1
        target = parse_target(job.request.url)
        if isinstance(target, Refused):
            self._fail(job, target.reason, f"{job.request.url[:200]}: {target.detail}")
            return
        try:
            secrets = secret_parts(job.request, self._secrets)
        except MissingSecret as error:
            self._fail(job, "gate", str(error))
            return
        leg = _Leg(
            job=job,
            target=target,
            method=job.request.method,
            secrets=secrets,
            started_at=self._monotonic(),
        )
        polite = job.politeness
        self._queues.limit(target.host, job.source_id, polite.min_delay_s, polite.concurrency)
        self._admit(leg)

    def poll(self, timeout_s: float) -> tuple[tuple[FetchJob, Outcome], ...]:
        """Outcomes that are ready, waiting up to `timeout_s` for the first one."""
        until = self._monotonic() + timeout_s
        while True:
            self._start_ready()
            now = self._monotonic()
            wait_s = 0.0 if self._ready else max(0.0, min(until, self._next_start(now)) - now)
            for tag, answer in self._transport.poll(wait_s):
                assert isinstance(tag, _Leg)  # noqa: S101 - what start() was given
                self._answered(tag, answer)
            self._start_resolved()
            if self._ready or self._monotonic() >= until:
                break
        ready, self._ready = tuple(self._ready), []
        self._pending -= len(ready)
        return ready

    def fetch(self, jobs: Iterable[FetchJob]) -> Iterator[tuple[FetchJob, Outcome]]:
        """All outcomes of these jobs as they come; jobs are taken a few hundred ahead."""
        source = iter(jobs)
        exhausted = False
        while not exhausted or self._pending:
            while not exhausted and self._pending < 4 * self._max_connections:
                job = next(source, None)
                if job is None:
                    exhausted = True
                else:
                    self.submit(job)
            if self._pending:
                yield from self.poll(1.0)

    def close(self) -> None:
        """Drop all connections and abandon what is in flight."""
        if self._resolvers is not None:
            self._resolvers.shutdown(wait=False, cancel_futures=True)
        self._transport.close()

    # -- before a leg is sent ------------------------------------------------------------------

    def _admit(self, leg: _Leg, *, first: bool = False) -> None:
        """Put the leg into its host's queue, once robots.txt allows it."""
        now = self._monotonic()
        left_s = self._queues.silence_left_s(leg.target.host, now)
        if left_s > PATIENCE_S:
            self._silenced(leg, left_s)
        elif leg.is_robots or not leg.job.politeness.respect_robots:
            leg.robots = leg.robots or "not asked (respect_robots: false)"
            self._queues.push(leg.target.host, leg, now, first=first)
        elif self._allowed(leg, now):
            self._queues.push(leg.target.host, leg, now)

    def _allowed(self, leg: _Leg, now: float) -> bool:
        """Whether robots.txt lets the leg go on; otherwise it waits there or is answered."""
        origin = self._origins[leg.target.origin]
        file = origin.file
        if file is None or origin.until <= now:
            origin.waiting.append(leg)
            if not origin.asked:
                origin.asked = True
                self._admit(self._robots_leg(leg, now), first=True)
            return False
        if file.closed is not None:
            self._done(leg, broken(leg.job, file.closed, self._how(leg), self._clock.now()))
            return False
        if not file.allows(leg.target.url, self._product):
            self._disallowed(leg, file)
            return False
        leg.robots = f"allowed by {file.note}" if file.rules else file.note
        return True

    def _robots_leg(self, leg: _Leg, now: float) -> _Leg:
        url = f"{leg.target.origin}/robots.txt"
        request = Request(url=url, purpose="robots", expect=Expectation(max_bytes=robots.MAX_BYTES))
        polite = replace(leg.job.politeness, respect_robots=False)
        return _Leg(
            job=FetchJob(source_id=leg.job.source_id, request=request, politeness=polite),
            target=replace(leg.target, path="/robots.txt"),
            method="GET",
            secrets=SecretParts(),
            started_at=now,
            is_robots=True,
        )

    def _start_ready(self) -> None:
        """Start legs whose turn it is, up to the number of connections."""
        while (
            self._transport.running + self._resolving < self._max_connections
            and len(self._ready) < MAX_READY
        ):
            turn = self._queues.pop(self._monotonic())
            if turn is None:
                return
            leg = turn[1]
            known = self._gate.known(leg.target)
            if known is None:
                self._resolve(leg)
            else:
                self._send(leg, known)

    def _next_start(self, now: float) -> float:
        """When a leg could start whose host makes it wait; far away when none does."""
        if self._transport.running + self._resolving >= self._max_connections:
            return now + 3600.0
        at = self._queues.next_at(now)
        return now + 3600.0 if at is None else at

    def _resolve(self, leg: _Leg) -> None:
        if self._resolvers is None:
            self._resolvers = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")
        self._resolving += 1
        future = self._resolvers.submit(self._gate.resolve, leg.target)

        def arrived(done: Future[Vetted | Refused]) -> None:
            if not done.cancelled():
                self._resolved.append((leg, done.result()))
                self._transport.wake()

        future.add_done_callback(arrived)

    def _start_resolved(self) -> None:
        while self._resolved:
            leg, vetted = self._resolved.popleft()
            self._resolving -= 1
            self._send(leg, vetted)

    def _send(self, leg: _Leg, vetted: Vetted | Refused) -> None:
        if isinstance(vetted, Refused):
            reason = "redirect_refused" if leg.redirects and vetted.reason == "gate" else None
            problem = Broken(reason=reason or vetted.reason, detail=vetted.detail)
            self._answered(leg, problem)
            return
        now = self._monotonic()
        timeout_s = leg.job.politeness.timeout_s
        if leg.deadline is None:
            leg.deadline = now + TOTAL_FACTOR * timeout_s
        try:
            headers = self._headers(leg)
        except ValueError as error:
            self._answered(leg, Broken(reason="bad_header", detail=str(error)))
            return
        self._transport.start(
            vetted,
            leg,
            headers=headers,
            limits=Limits(
                connect_s=min(CONNECT_S, timeout_s),
                stall_s=timeout_s,
                total_s=max(0.001, leg.deadline - now),
                body_bytes=leg.job.request.expect.max_bytes,
            ),
            method=leg.method,
            body=leg.job.request.body if leg.method == "POST" else b"",
            url=leg.secrets.url_of(leg.target) if leg.own_headers and not leg.redirects else "",
        )

    def _headers(self, leg: _Leg) -> list[bytes]:
        request, validators = leg.job.request, leg.job.validators
        lines = [header_line("Accept", request.accept), _ACCEPT_ENCODING]
        leg.conditional = request.conditional and leg.method == "GET" and not leg.is_robots
        if leg.conditional and validators.etag:
            lines.append(header_line("If-None-Match", validators.etag))
        if leg.conditional and validators.last_modified:
            lines.append(header_line("If-Modified-Since", validators.last_modified))
        leg.conditional = leg.conditional and len(lines) > _PLAIN_LINES
        if leg.own_headers:
            lines.extend(header_line(name, value) for name, value in request.headers)
            lines.extend(leg.secrets.header_lines)
        if leg.method == "POST":
            lines.append(b"Expect:")
        return lines

    # -- after a leg was answered --------------------------------------------------------------

    def _answered(self, leg: _Leg, answer: Received | Broken) -> None:
        now = self._monotonic()
        self._queues.done(leg.target.host, now)
        if isinstance(answer, Received) and answer.status in STATUSES:
            self._redirected(leg, answer)
            return
        if isinstance(answer, Received):
            pause = silence(answer, self._clock.now())
            if pause is not None:
                self._quieten(leg.target.host, now, pause)
        if leg.is_robots:
            self._robots_read(leg, answer)
        elif isinstance(answer, Broken):
            self._done(leg, broken(leg.job, answer, self._how(leg), self._clock.now()))
        else:
            self._done(leg, judge(leg.job, answer, self._how(leg), self._clock.now()))

    def _redirected(self, leg: _Leg, answer: Received) -> None:
        leg.visited = (*leg.visited, leg.target.url)
        hop = next_hop(
            leg.target,
            method=leg.method,
            status=answer.status,
            location=answer.header("location"),
            visited=leg.visited,
        )
        if (
            not isinstance(hop, NoHop)
            and not hop.same_origin
            and leg.secrets.occur_in(hop.target.url)
        ):
            hop = NoHop(
                reason="redirect_refused",
                detail=f"redirected to {hop.target.host} with a secret in the address",
            )
        if isinstance(hop, NoHop):
            self._ended_early(leg, hop)
            return
        leg.redirects = (*leg.redirects, (answer.status, hop.target.url))
        leg.target, leg.method = hop.target, hop.method
        # Once a chain has left the origin it never gets credentials again, even if it comes back.
        leg.own_headers = leg.own_headers and hop.same_origin
        polite = leg.job.politeness
        self._queues.limit(
            hop.target.host, leg.job.source_id, polite.min_delay_s, polite.concurrency
        )
        self._admit(leg)

    def _ended_early(self, leg: _Leg, end: NoHop) -> None:
        problem = Broken(reason=end.reason, detail=end.detail)
        if leg.is_robots:
            self._robots_read(leg, problem)
        else:
            self._done(leg, broken(leg.job, problem, self._how(leg), self._clock.now()))

    def _robots_read(self, leg: _Leg, answer: Received | Broken) -> None:
        """Remember the file and let the legs go on that waited for it."""
        home = parse_target(leg.job.request.url)
        assert isinstance(home, Target)  # noqa: S101 - made from a target
        origin = self._origins[home.origin]
        file = robots_file(answer, _robots_body(answer), self._clock.now(), origin.file)
        origin.file, origin.asked = file, False
        origin.until = self._monotonic() + file.keep_s
        self._queues.limit(home.host, "robots.txt", file.crawl_delay_s(self._product), 1_000)
        waiting, origin.waiting = origin.waiting, []
        for waiting_leg in waiting:
            self._admit(waiting_leg)

    # -- outcomes --------------------------------------------------------------------------------

    def _quieten(self, host: str, now: float, pause: timedelta) -> None:
        """Leave the host alone; what already waits for it is answered when the wait is long."""
        self._queues.silence(host, now + pause.total_seconds())
        if pause.total_seconds() > PATIENCE_S:
            for waiting in self._queues.drain(host):
                self._silenced(waiting, pause.total_seconds())

    def _silenced(self, leg: _Leg, left_s: float) -> None:
        """The host wants silence for longer than is waited here."""
        if leg.is_robots:
            detail = f"the host asked for silence for another {left_s:.0f} s"
            self._robots_read(leg, Broken(reason="http_status", detail=detail))
            return
        outcome = failed(
            leg.job,
            self._clock.now(),
            "http_status",
            f"{leg.target.host} asked not to be asked for another {left_s:.0f} s; not asked",
            self._how(leg),
        )
        waited = timedelta(seconds=left_s)
        self._done(leg, replace(outcome, retry_after=waited))

    def _disallowed(self, leg: _Leg, file: RobotsFile) -> None:
        self._done(
            leg,
            Blocked(
                source_id=leg.job.source_id,
                request=leg.job.request,
                captured_at=self._clock.now(),
                status=0,
                family="robots",
                detail=f"{file.note} does not allow {leg.target.path[:200]}",
            ),
        )

    def _how(self, leg: _Leg) -> Circumstances:
        return Circumstances(
            final_url=leg.target.url,
            redirects=leg.redirects,
            robots=leg.robots,
            conditional=leg.conditional,
            elapsed_ms=int((self._monotonic() - leg.started_at) * 1000),
            scrub=leg.secrets.scrub,
        )

    def _done(self, leg: _Leg, outcome: Outcome) -> None:
        self._ready.append((leg.job, outcome))

    def _fail(self, job: FetchJob, reason: str, detail: str) -> None:
        how = Circumstances(final_url=job.request.url)
        self._ready.append((job, failed(job, self._clock.now(), reason, detail, how)))


_ACCEPT_ENCODING = header_line("Accept-Encoding", ACCEPT_ENCODING)
_PLAIN_LINES = 2


def _robots_body(answer: Received | Broken) -> bytes:
    """The file's bytes; a body that cannot be decoded is no rules, like a page."""
    if isinstance(answer, Broken):
        return b""
    try:
        return expand(answer.body, answer.header("content-encoding") or "", robots.MAX_BYTES)
    except (BadEncoding, TooLarge):
        return b"<"


__all__ = ["Client", "Politeness"]
