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
PLAIN = (
    "The road commission will repair the bridge in June, and the school board meets on Tuesday. "
    "Farmers expect a dry summer, said the extension office, which advises on seed and soil. "
)


def document(text: str) -> Document:
    """A news text."""
    return Document(
        id="bench", url="", title="News", published=None, kind=DocumentKind.NEWS, text=text
    )


def main() -> None:
    """Dense with anchors, one anchored paragraph, and none."""
    with for_good(begins=True):  # as every verb begins
        pack = knowledge.load_pack(read_settings({}), None)
        gazetteer = knowledge.gazetteer()
    texts = {
        "5 kB, anchors throughout": (TEXT * 20)[:5000],
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
