"""Who and where: the agencies and the jurisdiction of a sighting, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from monitor.detect.clauses.line import Line
from monitor.detect.coordination import group_after, group_before
from monitor.detect.current import current_lines, named_states, told_now
from monitor.detect.datelines import (
    is_beside,
    is_dateline,
    is_elsewhere,
    nearest_state,
    state_of_seat,
    state_said_first,
)
from monitor.detect.language.words import word_set
from monitor.detect.scene import Scene, Sighting
from monitor.detect.slots.address import states_of_url
from monitor.detect.slots.agency import OWN_UNITS, Agency, place_of
from monitor.detect.slots.governor_names import Governors
from monitor.detect.slots.names import GazetteerNames
from monitor.detect.slots.place_kind import Place
from monitor.detect.slots.place_signs import (
    COUNTIES_WORDS,
    COUNTY_WORDS,
    KNOWN_COUNTIES,
    KNOWN_TOWNS,
    bodies_say,
    tagged_states,
)
from monitor.detect.slots.state_names import CAPITALS, STATE_NAMES
from monitor.domain.claim import Jurisdiction

#: Sentences of a page so short that it holds no other stories.
_SHORT_PAGE = 40
#: Lines of a page in which a story may call its place by the state's name; how it does.
_CALLED = 60
_POINTING = frozenset(["the", "this"])
_CALLED_SO = word_set("county city town village suburb borough township parish community sheriff")
_SHERIFF = word_set("sheriff sheriffs sheriff's deputies deputy jail")
_OF_TOWNS = word_set("council city town mayor councilors")  #: behind a state's name
_POLICE = frozenset(["police", "officers", "chief", "pd"])

#: Words behind a town's name in which its state may be said.
_BEHIND = 5
#: Lines before a story's beginning in which its state may be named: captions, kickers, datelines.
_ABOVE = 12
#: ... and lines of it, others between its paragraphs too.
_BETWEEN_LINES = 20


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a finding is about."""

    agency: str | None
    jurisdiction: Jurisdiction


@dataclass(slots=True)
class WhereReader:
    """Finds subjects of sightings in one scene."""

    scene: Scene
    names: GazetteerNames
    governors: Governors

    def subjects(self, sighting: Sighting) -> tuple[Subject, ...]:
        """One subject per agency that shares the act; one without agency where none is named."""
        agencies = self._agencies(sighting)
        if agencies:
            return tuple(self._of_agency(agency, sighting) for agency in agencies)
        place = self._place(sighting)
        if place is not None and place.kind != "state":
            return (self._of_place(place, sighting),)
        return (Subject(None, Jurisdiction(state=self.state(sighting))),)

    def _of_agency(self, agency: Agency, sighting: Sighting) -> Subject:
        if agency.place is None:
            state = self.state(sighting)
            return Subject(_of_its_state(agency.name, state), Jurisdiction(state=state))
        own = self._with_sheriff(agency)
        if own:
            return Subject(agency.name, Jurisdiction(state=own, place=agency.place.name))
        return Subject(agency.name, self._jurisdiction(agency.place, sighting))

    def _with_sheriff(self, agency: Agency) -> str | None:
        """`Carson City Sheriff`: of the cities of a name, the one that is a county too."""
        place = agency.place
        if place is None or place.kind != "city" or place.stated or "Sheriff" not in agency.name:
            return None
        return self.names.city_county(place.name.lower())

    def _of_place(self, place: Place, sighting: Sighting) -> Subject:
        return Subject(self._composed(place, sighting), self._jurisdiction(place, sighting))

    def _composed(self, place: Place, sighting: Sighting) -> str | None:
        """`commissioners of Comal County` act for the sheriff where one is spoken of."""
        title = self.scene.title_of(sighting.index)
        lines = [sighting.line, *((title,) if title else ())]
        words = {word for line in lines for token in line.tokens for word in token.word.split()}
        if place.kind == "county":
            return f"{place.name} Sheriff's Office" if words & _SHERIFF else None
        of_sheriff = words & _SHERIFF and not words & _POLICE
        return None if of_sheriff else f"{place.name} Police Department"

    # agencies -----------------------------------------------------------------------------

    def _agencies(self, sighting: Sighting) -> tuple[Agency, ...]:
        line = sighting.line
        own = group_before(line, sighting.first) or group_after(line, sighting.first)
        if own:
            return own
        if any(isinstance(t.value, Place) and t.value.kind != "state" for t in line.tokens):
            return ()
        return self._antecedent(sighting)

    def _antecedent(self, sighting: Sighting) -> tuple[Agency, ...]:
        """The office, he, it: the nearest agency named before, else the title's."""
        for line in self._earlier(sighting.index):
            found = [t.value for t in line.tokens if isinstance(t.value, Agency)]
            if found:
                return (found[0],)
            if any(isinstance(t.value, Place) and t.value.kind != "state" for t in line.tokens):
                return ()
        return ()

    def _earlier(self, index: int) -> Iterator[Line]:
        """Lines before, the title, the beginning; of other paragraphs no links, nothing old."""
        if index > 0 and self.scene.same_paragraph(index - 1, index):
            yield from self.scene.near(index - 1, 3)
        elif index > 0 and self.scene.paragraph(index - 1) not in self.scene.story.links:
            yield from told_now(self.scene, self.scene.near(index - 1, 3))
        title = self.scene.title_of(index)
        if title is not None and index >= 0:
            yield title
        if index < 0:
            yield from self._beginning()

    def _beginning(self) -> Iterator[Line]:
        """The story's first lines, none about years gone."""
        return told_now(self.scene, self.scene.begins(2))

    # places -------------------------------------------------------------------------------

    def _place(self, sighting: Sighting) -> Place | None:
        """The local place of the sentence, nearest to the act; else of what stands before."""
        own = [
            (abs(i - sighting.first), token.value)
            for i, token in enumerate(sighting.line.tokens)
            if isinstance(token.value, Place) and token.value.kind != "state"
            if not is_elsewhere(sighting.line, i, self.scene.title)
            if not is_beside(sighting.line, i, self.scene.title)
        ]
        if own:
            return min(own, key=lambda row: row[0])[1]
        named = named_states(sighting.line)
        for line in self._earlier(sighting.index):
            for i, token in enumerate(line.tokens):
                place = place_of(token)
                if place is not None and named and is_dateline(line, i):
                    continue  # "Connecticut expands": told from Hartford, done by the state
                if place is not None and place.kind != "state":
                    return place if _may_lie_in(place, named) else None
        return None

    def _jurisdiction(self, place: Place, sighting: Sighting) -> Jurisdiction:
        state = self._contradicted(place, sighting) or place.state
        state = state or self._choose(place, sighting)
        if place.kind == "state":
            return Jurisdiction(state=place.states[0])
        if place.kind == "county":
            fips = self.names.fips(state, place.name) if state else None
            return Jurisdiction(state=state, county=fips, place=place.name)
        return Jurisdiction(state=state, place=place.name)

    def _contradicted(self, place: Place, sighting: Sighting) -> str | None:
        """The one state that sentence or title name, where a little-known town lies elsewhere.

        No list has all towns: of one name only a town in another state may be listed.
        """
        if place.stated or place.kind == "state":
            return None
        if self.names.main_state(place.name.lower()):
            own = self._said_behind(place, sighting.line) or self._county_of_name(place, sighting)
            return own or self._namesake(place, sighting)
        title = self.scene.title_of(sighting.index)
        for line in (sighting.line, *((title,) if title else ())):
            named = named_states(line)
            if named:
                return next(iter(named)) if len(named) == 1 and place.state not in named else None
        return self._of_county_below(place, sighting) or self._of_others(place, sighting)

    def _of_county_below(self, place: Place, sighting: Sighting) -> str | None:
        """`Tarrant commissioners` over `FORT WORTH, Texas`: the county of that state, no town."""
        first = next(iter(self._beginning()), None) if sighting.index < 0 else None
        named = named_states(first) if first is not None else set()
        counties = {state for state, _ in self.names.county_states(place.name.lower())}
        return next(iter(named & counties), None) if len(named) == 1 else None

    def _of_others(self, place: Place, sighting: Sighting) -> str | None:
        """`Gulf sheriffs` over `Sheriffs in Lee and Russell County, Ala.`: the Gulf, no county."""
        spelled = any(not COUNTY_WORDS.isdisjoint(t.word.split()) for t in sighting.line.tokens)
        if sighting.index >= 0 or place.kind != "county" or spelled:
            return None
        first = next(iter(self._beginning()), None)
        told = filter(None, map(place_of, first.tokens)) if first is not None else ()
        states = {one.states[0] for one in told if one.kind != "state" and one.stated}
        return next(iter(states)) if len(states) == 1 and place.state not in states else None

    def _county_of_name(self, place: Place, sighting: Sighting) -> str | None:
        """`Colorado counties, Douglas and El Paso`: a large city's name that a county bears too.

        A sheriff is of a county too: the sentence may leave the state to those around it.
        """
        title = self.scene.title_of(sighting.index)
        lines = [sighting.line, *((title,) if title else ())]
        words = {word for line in lines for token in line.tokens for word in token.word.split()}
        if sighting.index < 0 and words & _SHERIFF:
            lines += self._beginning()
        told = lines if words & _SHERIFF else lines[: bool(words & COUNTIES_WORDS)]
        named = next(filter(None, map(named_states, told)), set[str]())
        states = {state for state, _ in self.names.county_states(place.name.lower())}
        return next(iter(named & states), None) if len(named) == 1 else None

    def _said_behind(self, place: Place, line: Line) -> str | None:
        """`The Huntington Town Board in New York`: the other town of a known name."""
        states = self.names.place_states(place.name.lower())
        for i, token in enumerate(line.tokens):
            if token.value is not place:
                continue
            for before, after in pairwise(line.tokens[i + 1 : i + 1 + _BEHIND]):
                said = place_of(after)
                if before.word == "in" and said is not None and said.kind == "state":
                    return said.states[0] if said.states[0] in states else None
        return None

    def _namesake(self, place: Place, sighting: Sighting) -> str | None:
        """`Las Vegas widens` over `The New Mexico council`: the other town of a known name."""
        first = next(iter(self._beginning()), None) if sighting.index < 0 else None
        for token, following in pairwise(first.tokens if first is not None else ()):
            said = place_of(token)
            if said is not None and said.kind == "state" and following.word in _OF_TOWNS:
                states = self.names.place_states(place.name.lower())
                return said.states[0] if said.states[0] in states else None
        return None

    def _choose(self, place: Place, sighting: Sighting) -> str | None:
        """The one state of the name's that the context speaks of, nearest context first."""
        spoken_of, bare = False, place.name.lower()
        for states in self._contexts(sighting):
            possible = states & set(place.states) if place.states else states
            if len(possible) == 1:
                return next(iter(possible))
            if len(possible) > 1:
                return None
            of_county = states & {state for state, _ in self.names.county_states(bare)}
            if len(states) == 1 and of_county:
                return next(iter(of_county))  # "Knox commissioners": of the county, said below
            spoken_of = spoken_of or bool(states - states_of_url(self.scene.document.url))
        return self._by_name(place, sighting, spoken_of=spoken_of)

    def _by_name(self, place: Place, sighting: Sighting, *, spoken_of: bool) -> str | None:
        """The state that the bodies named, else the name itself, leave where none is spoken of."""
        lines = [sighting.line, *current_lines(self.scene)]
        said = bodies_say(line.tokens for line in lines)
        states = place.states
        if place.kind == "city":
            states = self.names.town_states(place.name.lower()) or states
        possible = set(states) & said if said else set()
        if len(possible) == 1:
            return next(iter(possible))
        if spoken_of or place.kind == "state":
            return None
        bare = place.name.lower()
        if place.kind == "county":
            state = KNOWN_COUNTIES.get(bare.removesuffix(" county"))
        else:
            known = self._with_jail(bare, lines[:4]) or KNOWN_TOWNS.get(bare)
            state = known or self.names.likely_state(bare)
        return state if said is None or state in said else None

    def _with_jail(self, name: str, lines: Iterable[Line]) -> str | None:
        """The city of this name that is a county too, where the story is about a sheriff's."""
        words = {token.word for line in lines for token in line.tokens}
        return self.names.city_county(name) if words & _SHERIFF else None

    # states -------------------------------------------------------------------------------

    def state(self, sighting: Sighting) -> str | None:
        """The state of the sentence, else of its surroundings; None when two are as near."""
        near = nearest_state(sighting.line, sighting.first, self.scene.title)
        if near:
            return near
        for states in self._contexts(sighting):
            if len(states) == 1:
                return next(iter(states))
        return None

    def state_of_law(self, sighting: Sighting) -> str | None:
        """The state of an act of its government: also the one named right above the story, or
        between its paragraphs."""
        state = self.state(sighting)
        if state:
            return state
        if sighting.index < 0:
            return self._of_capital()
        for lines in (self.scene.above(_ABOVE), self.scene.between(_BETWEEN_LINES)):
            states = self._states_of(lines)
            if states:
                return states.pop() if len(states) == 1 else None
        return self._of_capital()

    def _of_capital(self) -> str | None:
        """`Olympia has an order of its own`: the one state whose seat the story names."""
        words = [token.word for line in current_lines(self.scene) for token in line.tokens]
        pairs = [f"{one} {other}" for one, other in pairwise(words)]
        said = {CAPITALS[name] for name in (*words, *pairs) if name in CAPITALS}
        return said.pop() if len(said) == 1 else state_of_seat(self.scene.document.text)

    def _contexts(self, sighting: Sighting) -> Iterator[set[str]]:
        title = self.scene.title_of(sighting.index)
        yield {state_said_first(sighting.line, title) or ""} - {""}
        yield self._states_of((sighting.line,))
        yield self._states_of(() if title is None else (title,))
        if sighting.index >= 0:
            yield self._states_of(self.scene.near(sighting.index))
        else:
            yield from (self._states_of((line,)) for line in self._beginning())
        yield self._bare_governors()
        yield self._called_by_state()
        yield self._states_of(current_lines(self.scene))
        yield set(self.scene.document.source_states)
        yield states_of_url(self.scene.document.url)
        lines = [line.tokens for line in current_lines(self.scene)]
        yield tagged_states(lines, self.names.likely_state)
        yield self._of_page()

    def _states_of(self, lines: Iterable[Line]) -> set[str]:
        found: set[str] = set()
        for line in lines:
            for i, token in enumerate(line.tokens):
                place = place_of(token)
                if place is not None and place.state:
                    if not is_beside(line, i, self.scene.title):
                        found.add(place.state)
                elif token.symbol == "GOVERNOR":
                    found |= self._governor(line, i)
        return found

    def _called_by_state(self) -> set[str]:
        """`the Georgia county`, `this Ohio city`: whom the story is about, called by its state."""
        found: set[str] = set()
        for index in range(min(len(self.scene.spans), _CALLED)):
            tokens = self.scene.line(index).tokens
            for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
                called = before.word in _POINTING and after.word in _CALLED_SO
                place = token.value
                if called and isinstance(place, Place) and place.kind == "state":
                    found.add(place.states[0])
        return found

    def _of_page(self) -> set[str]:
        """The one state that a short page names anywhere, in lines off the story too."""
        count = len(self.scene.spans)
        lines = map(self.scene.line, range(min(count, _SHORT_PAGE)))
        states = self._states_of(told_now(self.scene, lines))
        return states if len(states) == 1 and count <= _SHORT_PAGE else set()

    def _governor(self, line: Line, i: int) -> set[str]:
        """`Gov. Katie Hobbs`: a surname that only one governor bore."""
        words = [token.word for token in line.tokens[i : i + 4]]
        named = [self.governors[word][0] for word in words if word in self.governors]
        return set(named[-1:])

    def _bare_governors(self) -> set[str]:
        """States of governors whose surname in the title or at the top needs no office."""
        lines = [*((self.scene.title,) if self.scene.title else ())]
        lines += self.scene.begins(3)
        words = {token.word for line in lines for token in line.tokens}
        return {self.governors[w][0] for w in words if w in self.governors and self.governors[w][1]}


def _of_its_state(name: str, state: str | None) -> str:
    """`State Police` with the state in front, where one is known; other names as they are."""
    if state is None or not name.lower().startswith((*OWN_UNITS, "national guard", "corrections")):
        return name
    return f"{STATE_NAMES[state][0].title()} {name}"


def _may_lie_in(place: Place, named: set[str]) -> bool:
    """Whether a place told elsewhere may be meant where a sentence names its own state."""
    return not named or not place.state or place.state in named
