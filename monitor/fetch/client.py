"""The fetcher: jobs in, outcomes out; politeness, robots, redirects and the gate in between.

One thread drives it (submit, poll). A job goes through legs, one a redirect hop; each leg waits
in the queue of its host, is allowed by the robots.txt of its origin, vetted by the gate, sent,
and judged by pure functions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.domain.snapshot import Blocked, Outcome
from monitor.egress.address import Refused, Target, parse_target
from monitor.egress.body_memory import DEFAULT_BYTES, BodyMemory
from monitor.egress.exchange import Broken, Received
from monitor.egress.gate import Gate, Vetted
from monitor.fetch.leg import Leg, robots_leg
from monitor.fetch.outcome import Circumstances, body_bytes, broken, failed, judge, silence
from monitor.fetch.politeness import HostQueues, Turns
from monitor.fetch.redirect import STATUSES, NoHop, next_hop
from monitor.fetch.robots import RobotsFile, RobotsFiles
from monitor.fetch.secret_parts import MissingSecret, Revealing, secret_parts
from monitor.fetch.transport import Transport
from monitor.ports import Clock, FetchJob

#: A silence the host asked for is waited out when it is this short, otherwise the job is answered.
PATIENCE_S = 15.0
#: They mostly wait; a resolver that answers nobody holds each for some ten seconds.
RESOLVER_THREADS = 32
#: Outcomes not yet taken by poll() that may pile up before no further exchange is started.
MAX_READY = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What one client may take of the machine."""

    connections: int = 100
    body_bytes: int = DEFAULT_BYTES  #: bodies of all answers under way or not yet taken


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
        ca_file: str | None = None,
        turns: Turns | None = None,
        capacity: Capacity = Capacity(),
    ) -> None:
        """`user_agent` is "product/version (contact)"; its product is what robots.txt is asked for.

        `secrets` are the environment's secrets by variable name. `ca_file` replaces the bundled
        certificate authorities. `turns` is asked for leave where other processes fetch as well.
        """
        self._gate = gate
        self._clock = clock
        self._monotonic = monotonic
        self._product = user_agent.partition("/")[0]
        self._turns = turns
        self._secrets = secrets or {}
        self._max_connections = capacity.connections
        self._transport = Transport(
            gate,
            user_agent=user_agent,
            monotonic=monotonic,
            max_connections=capacity.connections,
            ca_file=ca_file,
            memory=BodyMemory(capacity.body_bytes),
        )
        self._body_memory_bytes = capacity.body_bytes
        self._unjudged: deque[tuple[Leg, Received]] = deque()
        self._queues: HostQueues[Leg] = HostQueues()
        self._robots: RobotsFiles[Leg] = RobotsFiles()
        self._resolvers: ThreadPoolExecutor | None = None
        self._resolving = 0
        self._resolved: deque[tuple[Leg, Vetted | Refused]] = deque()
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
        leg = Leg(
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
            if not self._unjudged:  # bodies that lie here come before those on the way
                self._exchange(until)
            self._judge_some()
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

    def _admit(self, leg: Leg, *, first: bool = False) -> None:
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

    def _allowed(self, leg: Leg, now: float) -> bool:
        """Whether robots.txt lets the leg go on; otherwise it waits there or is answered."""
        file = self._robots.file(leg.target.origin, now)
        if file is None:
            if self._robots.wait(leg.target.origin, leg, now):
                self._admit(robots_leg(leg, now), first=True)
            return False
        if file.closed is not None:
            self._done(leg, broken(leg.job, file.closed, self._how(leg), self._clock.now()))
            return False
        if not file.allows(leg.target.url, self._product):
            self._disallowed(leg, file)
            return False
        leg.robots = f"allowed by {file.note}" if file.rules else file.note
        return True

    def _exchange(self, until: float) -> None:
        """Start what may start and take the answers that came, waiting for one at most so long."""
        self._start_ready()
        now = self._monotonic()
        wait_s = 0.0 if self._ready else max(0.0, min(until, self._next_start(now)) - now)
        for tag, answer in self._transport.poll(wait_s):
            assert isinstance(tag, Leg)  # noqa: S101 - what start() was given
            self._answered(tag, answer)

    def _start_ready(self) -> None:
        """Start legs whose turn it is, up to the number of connections."""
        while (
            self._transport.running + self._resolving < self._max_connections
            and len(self._ready) < MAX_READY
        ):
            now = self._monotonic()
            turn = self._queues.pop(now)
            if turn is None:
                return
            host, leg = turn
            if self._must_wait(host, leg, now):
                continue
            known = self._gate.known(leg.target)
            if known is None:
                self._resolve(leg)
            else:
                self._send(leg, known)

    def _must_wait(self, host: str, leg: Leg, now: float) -> bool:
        """Whether other processes, or what the host told one of them, make the leg wait."""
        if self._turns is None:
            return False
        wait_s = self._turns.wait_s(host, leg.job.politeness.min_delay_s)
        if wait_s > 0:
            self._queues.put_back(host, leg, now, wait_s)
            self._quieten(host, now, timedelta(seconds=self._turns.silence_left_s(host)))
        return wait_s > 0

    def _next_start(self, now: float) -> float:
        """When a leg could start whose host makes it wait; far away when none does."""
        if self._transport.running + self._resolving >= self._max_connections:
            return now + 3600.0
        at = self._queues.next_at(now)
        return now + 3600.0 if at is None else at

    def _resolve(self, leg: Leg) -> None:
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

    def _send(self, leg: Leg, vetted: Vetted | Refused) -> None:
        if isinstance(vetted, Refused):
            reason = "redirect_refused" if leg.redirects and vetted.reason == "gate" else None
            problem = Broken(reason=reason or vetted.reason, detail=vetted.detail)
            self._answered(leg, problem)
            return
        try:
            headers = leg.headers()
        except ValueError as error:
            self._answered(leg, Broken(reason="bad_header", detail=str(error)))
            return
        self._transport.start(
            vetted,
            leg,
            headers=headers,
            limits=leg.limits(self._monotonic()),
            method=leg.method,
            body=leg.body(),
            url=leg.url(),
        )

    # -- after a leg was answered --------------------------------------------------------------

    def _answered(self, leg: Leg, answer: Received | Broken) -> None:
        now = self._monotonic()
        self._queues.done(leg.target.host, now)
        if isinstance(answer, Received) and answer.status in STATUSES:
            self._redirected(leg, answer)
            return
        if isinstance(answer, Received):
            pause = silence(answer, self._clock.now())
            if pause is not None:
                self._quieten(leg.target.host, now, pause)
                if self._turns is not None:
                    self._turns.silence(leg.target.host, pause.total_seconds())
        if leg.is_robots:
            self._robots_read(leg, answer)
        elif isinstance(answer, Broken):
            self._done(leg, broken(leg.job, answer, self._how(leg), self._clock.now()))
        else:
            self._unjudged.append((leg, answer))

    def _judge_some(self) -> None:
        """Unpack and judge answers, until so much lies ready that it should be taken first."""
        size_bytes = 0
        while self._unjudged and size_bytes <= self._body_memory_bytes:
            leg, answer = self._unjudged.popleft()
            outcome = self._judged(leg, answer)
            size_bytes += body_bytes(outcome)
            self._done(leg, outcome)

    def _judged(self, leg: Leg, answer: Received) -> Outcome:
        now, how = self._clock.now(), self._how(leg)
        try:
            return judge(leg.job, answer, how, now)
        except Exception as error:  # the boundary of a job: one hostile answer costs one answer
            detail = f"{how.final_url}: the answer could not be judged: {type(error).__name__}"
            return failed(leg.job, now, "protocol", detail, how, answer)

    def _redirected(self, leg: Leg, answer: Received) -> None:
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
        leg.move(answer.status, hop)
        polite = leg.job.politeness
        self._queues.limit(
            hop.target.host, leg.job.source_id, polite.min_delay_s, polite.concurrency
        )
        self._admit(leg)

    def _ended_early(self, leg: Leg, end: NoHop) -> None:
        problem = Broken(reason=end.reason, detail=end.detail)
        if leg.is_robots:
            self._robots_read(leg, problem)
        else:
            self._done(leg, broken(leg.job, problem, self._how(leg), self._clock.now()))

    def _robots_read(self, leg: Leg, answer: Received | Broken) -> None:
        """Remember the file and let the legs go on that waited for it."""
        home = parse_target(leg.job.request.url)
        assert isinstance(home, Target)  # noqa: S101 - made from a target
        file, waiting = self._robots.store(
            home.origin, answer, self._clock.now(), self._monotonic()
        )
        self._queues.limit(home.host, "robots.txt", file.crawl_delay_s(self._product), 1_000)
        for waiting_leg in waiting:
            self._admit(waiting_leg)

    # -- outcomes --------------------------------------------------------------------------------

    def _quieten(self, host: str, now: float, pause: timedelta) -> None:
        """Leave the host alone; what already waits for it is answered when the wait is long."""
        self._queues.silence(host, now + pause.total_seconds())
        if pause.total_seconds() > PATIENCE_S:
            for waiting in self._queues.drain(host):
                self._silenced(waiting, pause.total_seconds())

    def _silenced(self, leg: Leg, left_s: float) -> None:
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

    def _disallowed(self, leg: Leg, file: RobotsFile) -> None:
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

    def _how(self, leg: Leg) -> Circumstances:
        return leg.circumstances(self._monotonic())

    def _done(self, leg: Leg, outcome: Outcome) -> None:
        self._ready.append((leg.job, outcome))

    def _fail(self, job: FetchJob, reason: str, detail: str) -> None:
        how = Circumstances(final_url=job.request.url)
        self._ready.append((job, failed(job, self._clock.now(), reason, detail, how)))
