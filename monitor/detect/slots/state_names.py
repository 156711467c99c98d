"""Names of states as texts write them."""

from __future__ import annotations

from monitor.detect.language.words import word_set

#: US Postal Service codes with names, AP abbreviations and adjectives in use (lower case).
STATE_NAMES: dict[str, tuple[str, ...]] = {
    "AL": ("alabama", "ala"), "AK": ("alaska",), "AZ": ("arizona", "ariz"),
    "AR": ("arkansas", "ark"), "CA": ("california", "calif"), "CO": ("colorado", "colo"),
    "CT": ("connecticut", "conn"), "DE": ("delaware", "del"),
    "DC": ("district of columbia", "d.c", "washington , d.c"), "FL": ("florida", "fla"),
    "GA": ("georgia", "ga"), "HI": ("hawaii", "hawai'i"), "ID": ("idaho",),
    "IL": ("illinois", "ill"), "IN": ("indiana", "ind"), "IA": ("iowa",), "KS": ("kansas", "kan"),
    "KY": ("kentucky", "ky"), "LA": ("louisiana", "la"), "ME": ("maine",),
    "MD": ("maryland", "md"), "MA": ("massachusetts", "mass"), "MI": ("michigan", "mich"),
    "MN": ("minnesota", "minn"), "MS": ("mississippi", "miss"), "MO": ("missouri", "mo"),
    "MT": ("montana", "mont"), "NE": ("nebraska", "neb"), "NV": ("nevada", "nev"),
    "NH": ("new hampshire", "n.h"), "NJ": ("new jersey", "n.j"), "NM": ("new mexico", "n.m"),
    "NY": ("new york", "n.y", "new york state"), "NC": ("north carolina", "n.c"),
    "ND": ("north dakota", "n.d"), "OH": ("ohio",), "OK": ("oklahoma", "okla"),
    "OR": ("oregon", "ore"), "PA": ("pennsylvania", "pa"), "RI": ("rhode island", "r.i"),
    "SC": ("south carolina", "s.c"), "SD": ("south dakota", "s.d"), "TN": ("tennessee", "tenn"),
    "TX": ("texas", "tex", "texan"), "UT": ("utah",), "VT": ("vermont", "vt"),
    "VA": ("virginia", "va"), "WA": ("washington state", "wash"),
    "WV": ("west virginia", "w.va", "virginia-western"), "WI": ("wisconsin", "wis"),
    "WY": ("wyoming", "wyo"), "PR": ("puerto rico",), "GU": ("guam",),
}  # fmt: skip
#: Seats of state governments whose names mean little else, as datelines and metonyms.
CAPITALS: dict[str, str] = {
    "albany": "NY", "annapolis": "MD", "baton rouge": "LA", "bismarck": "ND", "boise": "ID",
    "carson city": "NV", "cheyenne": "WY", "des moines": "IA", "frankfort": "KY",
    "harrisburg": "PA", "jefferson city": "MO", "juneau": "AK", "lansing": "MI",
    "little rock": "AR", "montpelier": "VT", "oklahoma city": "OK", "olympia": "WA",
    "raleigh": "NC", "sacramento": "CA", "salt lake city": "UT", "santa fe": "NM",
    "tallahassee": "FL", "topeka": "KS", "trenton": "NJ",
}  # fmt: skip
#: Seats that have namesakes, or are spoken of as cities: a state's in its datelines alone.
CAPITAL_DATELINES: dict[str, str] = CAPITALS | {
    "atlanta": "GA", "augusta": "ME", "austin": "TX", "boston": "MA", "charleston": "WV",
    "columbia": "SC", "columbus": "OH", "concord": "NH", "denver": "CO", "dover": "DE",
    "hartford": "CT", "helena": "MT", "honolulu": "HI", "indianapolis": "IN", "jackson": "MS",
    "lincoln": "NE", "madison": "WI", "montgomery": "AL", "nashville": "TN", "phoenix": "AZ",
    "pierre": "SD", "providence": "RI", "richmond": "VA", "salem": "OR", "springfield": "IL",
    "st. paul": "MN",
}  # fmt: skip
#: Their people, and the seat of one government that no list of towns has (lower case).
PEOPLE: dict[str, tuple[str, ...]] = {
    "AL": ("alabamians", "alabamian"), "AK": ("alaskans", "alaskan"),
    "AZ": ("arizonans", "arizonan"), "AR": ("arkansans", "arkansan"),
    "CA": ("californians", "californian"), "CO": ("coloradans", "coloradan"),
    "DE": ("delawareans", "delawarean"), "FL": ("floridians", "floridian"),
    "GA": ("georgians",), "ID": ("idahoans", "idahoan"), "IL": ("illinoisans", "illinoisan"),
    "IN": ("hoosiers", "hoosier"), "IA": ("iowans", "iowan"), "KS": ("kansans", "kansan"),
    "KY": ("kentuckians", "kentuckian"), "LA": ("louisianans", "louisianians"),
    "ME": ("mainers", "mainer"), "MD": ("marylanders", "marylander"),
    "MA": ("bay staters", "beacon hill"), "MI": ("michiganders", "michigander"),
    "MN": ("minnesotans", "minnesotan"), "MS": ("mississippians", "mississippian"),
    "MO": ("missourians", "missourian"), "MT": ("montanans", "montanan"),
    "NE": ("nebraskans", "nebraskan"), "NV": ("nevadans", "nevadan"),
    "NH": ("granite staters",), "NJ": ("new jerseyans",), "NM": ("new mexicans",),
    "NY": ("new yorkers",), "NC": ("north carolinians",), "ND": ("north dakotans",),
    "OH": ("ohioans", "ohioan"), "OK": ("oklahomans", "oklahoman"),
    "OR": ("oregonians", "oregonian"), "PA": ("pennsylvanians", "pennsylvanian"),
    "RI": ("rhode islanders",), "SC": ("south carolinians",), "SD": ("south dakotans",),
    "TN": ("tennesseans", "tennessean"), "TX": ("texans",), "UT": ("utahns", "utahn"),
    "VT": ("vermonters", "vermonter"), "VA": ("virginians",), "WA": ("washingtonians",),
    "WV": ("west virginians",), "WI": ("wisconsinites", "wisconsinite"), "WY": ("wyomingites",),
}  # fmt: skip
#: Abbreviations that are also words or names: read as states only right after a place.
ONLY_QUALIFYING = word_set(
    "ala ark calif colo conn del fla ga ill ind kan ky la mass md mich minn miss mo mont neb "
    "nev okla ore pa tenn tex va vt wash wis wyo ariz d.c n.h n.j n.m n.y n.c n.d r.i s.c s.d "
    "w.va"
)
#: Initials that stand for nothing else ("the N.H. town"), but for the names of papers.
INITIALS = word_set("n.h n.j n.m n.y n.c n.d r.i s.c s.d w.va")
PAPERS = word_set("times post daily giants jets yankees mets")
BY_NAME = {
    tuple(name.split()): code
    for code, names in STATE_NAMES.items()
    for name in names
    if name not in ONLY_QUALIFYING
} | {tuple(name.split()): code for code, names in PEOPLE.items() for name in names}
WHOLE_NAMES = frozenset(names[0] for names in STATE_NAMES.values())
FIRST_WORDS = frozenset(words[0] for words in BY_NAME)
BY_ABBREVIATION = {n: c for c, names in STATE_NAMES.items() for n in names} | {"washington": "WA"}
#: Codes that stand alone in capitals without being mistaken ("NC House", "the NJ Senate").
CLEAR_CODES = word_set("AZ CA CT FL GA IL KY MN NC ND NH NJ NM NV NY RI SC SD TN TX UT VT WI WV")
