"""Articles written for these tests."""

from __future__ import annotations

import pytest

from nvpipe.types import Article

HARBOUR = """\
The city council of Port Ellery voted on Tuesday night to close the old harbour bridge for eighteen months, \
after engineers found corrosion in 14 of its 22 load-bearing cables. The crossing, which carries about 31,500 \
vehicles a day, will shut to all traffic at 6 a.m. on April 2.

By Lena Marsh

"We can't wait another winter," said Dr. Amara Obi, the city's chief engineer. "Every month we put this off, \
the risk grows." She told the council that sensors fitted in the autumn had picked up four wire breaks in nine weeks.

The repair is expected to cost $48.5 million, of which the state will pay two thirds. The rest has to come from \
the city's own budget, and that means other projects will slip. A new library in the Millgate district, promised \
since 2024, is now unlikely to open before the end of the decade.

Photo: The bridge at dawn

Ferries will run every ten minutes from both banks, starting at 5:30 a.m. and ending at midnight. They will be \
free for the first six weeks. The harbour authority has leased three boats from a company in Norway, each of which \
can carry 280 passengers and 40 bicycles. However, there is no plan to take cars across the water.

Drivers will have to use the ring road instead, a detour of 11 miles. The U.S. Army Corps of Engineers has offered \
to lend a floating bridge for emergency vehicles, but the offer has strings attached: the city would have to dredge \
the eastern channel first.

Shop owners near the southern ramp fear the worst. Tomas Reyes, who has sold fishing gear there for 26 years, says \
that nine out of ten of his customers come by car. "I'll give it until Christmas," he said. "Then I'm done."

Cycling groups have asked for years for a crossing without lorries, and the council has agreed to study whether one \
lane could stay closed to cars when the bridge opens again.

Read more about it at https://example.org/commute and on our pages.
"""

GERMAN = """\
Die Stadt Ellerhafen sperrt ihre alte Hafenbrücke vom 2. April an für achtzehn Monate. Prüfer hatten im Herbst an 14 \
der 22 Tragseile Rost gefunden. „Wir können keinen weiteren Winter warten. Das Risiko wächst“, sagte die \
Stadtbaurätin Dr. Amara Obi am Dienstag.

Die Reparatur kostet nach Angaben der Stadt 48,5 Mio. Euro. Zwei Drittel davon übernimmt das Land. Fähren fahren \
künftig alle zehn Minuten, z. B. auch nachts. Sie sind in den ersten sechs Wochen kostenlos. Autofahrer müssen den \
Umweg über die Ringstraße nehmen, der 18 Kilometer lang ist.
"""

JAPANESE = """\
港町エラリーの市議会は火曜日、古い港の橋を十八か月間閉鎖すると決めた。点検でケーブル二十二本のうち十四本に腐食が見つかったためだ。\
「もう一冬は待てません。危険は毎月大きくなります。」と主任技師のオビ氏は述べた。

修理には四十八億円かかる見込みである。渡し船は十分おきに運航し、最初の六週間は無料になる。自転車の団体は、車の通らない橋を長年求めてきた。\
市は一車線を自転車専用にできるか調べる方針だ。
"""


@pytest.fixture
def harbour() -> Article:
    return Article(source="harbour.md", title="Harbour bridge to close", text=HARBOUR.strip(), url=None, digest="h")


@pytest.fixture
def german() -> Article:
    return Article(source="hafen.md", title="Brücke gesperrt", text=GERMAN.strip(), url=None, digest="g")


@pytest.fixture
def japanese() -> Article:
    return Article(source="minato.md", title="橋の閉鎖", text=JAPANESE.strip(), url=None, digest="j")
