"""Detection: a text of 5 kB through the shipped rules: `python -m bench.detection`."""

from __future__ import annotations

from bench.measuring import measured
from monitor.bootstrap import knowledge
from monitor.bootstrap.machine import for_good
from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.domain.vocabulary import DocumentKind
from monitor.settings import read_settings

TEXT = (
    "The Wexford County Sheriff's Office in Michigan signed a 287(g) agreement with ICE "
    "on Monday. Commissioners had discussed the matter in two meetings. "
    "The sheriff said that deputies would be trained in the fall; the jail will not change. "
    "Residents asked how detainers are handled, and who pays for the training of the officers. "
)
#: The same told of others: a text in which no sentence stands twice.
TOLD = (
    "The {0} County Sheriff's Office in {1} signed a 287(g) agreement with ICE on {2}. "
    "{3} had discussed {4} in {5} meetings. The sheriff said that {6} would be trained in {7}; "
    "the jail {8}. {9} asked how detainers {10}, and who pays for {11}. "
)
OF = """\
Wexford/Michigan/Monday/Commissioners/the matter/two/deputies/the fall/will not change/Residents/are handled/the training of the officers
Comal/Texas/Tuesday/Supervisors/the partnership/three/six jailers/October/stays as it is/Clergy/are checked/the hours of overtime
Polk/Florida/Wednesday/Members of the board/the federal program/four/a dozen deputies/South Carolina/in Bartow has room/Lawyers/are served/beds that nobody uses
Tulsa/Oklahoma/Thursday/Trustees/the costs/several/two officers/the spring/gets no money/A pastor/are honored/the federal database
Lee/Alabama/Friday/Advocates/civil rights/many/staff/Georgia next month/holds 300 inmates/Neighbors/last 48 hours/cars and fuel
Barnstable/Massachusetts/Jan. 12/Town leaders/its terms/five/eight guards/four weeks/screens everyone booked/A teacher/work in practice/lawsuits if there are any
Washoe/Nevada/March 3/County staff/the memorandum/public/sergeants/Charleston/will look the same/Business owners/reach the jail/interpreters
Culpeper/Virginia/April 9, 2025/Legislators/such agreements/committee/its investigators/an online course/was built in 1990/Students/differ from warrants/records and audits
Lancaster/Pennsylvania/last week/The public/jail contracts/monthly/nine deputies/late summer/would add a clerk/Farmers/affect workers/the warrant service officers
Davis/Utah/Saturday/Some council members/immigration enforcement/closed/corrections officers/Alabama/reports to the county/Parents/touch families/trips to Denver
Rutherford/Tennessee/Sunday/Opponents/the task force model/two long/troopers and deputies/the new year/has a new wing/Two widows/are tracked/the cameras in the hall
Yellowstone/Montana/June 30/Advisers/a longer pilot/budget/both captains/Billings/keeps its rules/Veterans/end/anything at all
Horry/South Carolina/Dec. 1/Pastors/the jail model/evening/detention officers/Columbia/will hire/Landlords/slow releases/the paper work
Ada/Idaho/yesterday/Planners/the wording/six/its recruits/Boise/is crowded/Ranchers/bind the county/the data lines
Sedgwick/Kansas/Nov. 20/Council members/two drafts/open/the night shift/Wichita/plans no changes/Nurses/end up in court/the first year
"""  # noqa: E501 - a row is one telling
PLAIN = (
    "The road commission will repair the bridge in June, and the school board meets on Tuesday. "
    "Farmers expect a dry summer, said the extension office, which advises on seed and soil. "
)


def document(text: str) -> Document:
    """A news text."""
    return Document(
        id="bench", url="", title="News", published=None, kind=DocumentKind.NEWS, text=text
    )


def varied() -> str:
    """A text of 5 kB in which no sentence stands twice."""
    return "".join(TOLD.format(*row.split("/")) for row in OF.splitlines())[:5000]


def main() -> None:
    """Dense with anchors (few sentences, then none twice), one anchored paragraph, and none."""
    with for_good(begins=True):  # as every verb begins
        pack = knowledge.load_pack(read_settings({}), None)
        gazetteer = knowledge.gazetteer()
    texts = {
        "5 kB, anchors throughout": (TEXT * 20)[:5000],
        "5 kB, anchors throughout, no sentence twice": varied(),
        "5 kB, one anchored paragraph": (TEXT + PLAIN * 40)[:5000],
        "5 kB, no anchor": (PLAIN * 40)[:5000],
    }
    for name, text in texts.items():
        one = document(text)
        measured(
            f"{name}, {len(pack.rules)} rules",
            20,
            lambda d=one: [findings(d, pack, gazetteer) for _ in range(20)],
        )


if __name__ == "__main__":
    main()
