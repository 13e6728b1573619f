"""What of a text can be said aloud, and what cannot stand without the sentence before it."""

from __future__ import annotations

import re

from nvpipe.story.plaintext import CJK

FRAGMENT_WORDS = 12
"""A line this short without a full stop is a heading, a caption or a byline."""

_ADDRESS = re.compile(r"https?://|www\.\w|\S@[^\s@]+\.\w|[\w-]\.(?:com|org|net|io|gov)/\S", re.IGNORECASE)
_END = re.compile(r"[.!?…。！？।؟։۔][\"'”’»)\]」』）]*\Z")
_FURNITURE = re.compile(
    r"""(?:
      (?:photo(?:graph)?|image|picture|figure|fig\.|table|chart|graphic|video|source|credit|caption|bild|foto
        |quelle|grafik|abbildung|tabelle|crédit|légende|fuente|imagen|fonte)\s*(?:\d+|credit|by|von|par)?\s*[:.|©/]
      |(?:written|reporting|posted|edited|published|updated|last\ updated|additional\ reporting)
        \ (?:by|on|at)\ [^.!?]{0,60}\Z
      |(?:related|advertisement|anzeige|copyright|more\ (?:on|from))(?:\ [^.!?]{0,60})?[\s:|]*\Z
      |copyright\s*(?:©|\(c\)|\d) | related\s*[:|]
      |(?:read\ (?:more|also|next)|see\ also|click\ (?:here|to)|tap\ here|subscribe|sign\ up|share\ this|follow\ us
        |listen\ to\ this|download\ the\ app|all\ rights\ reserved
        |this\ (?:article|story)\ (?:was|is|has|first|originally)|table\ of\ contents
        |weiterlesen|lesen\ sie\ auch|mehr\ zum\ thema|lire\ aussi|abonnez|lea\ también|leer\ más
        |leggi\ anche|leia\ (?:mais|também)|lees\ (?:ook|meer)|читайте\ также|続きを読む|关注我们)\b
      |[©®] | \(?(?:photo|image|credit|foto|bild)\b[^.!?]{0,80}\)?\Z
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_BYLINE = re.compile(
    r"(?:By|Von|Par|Por|Di|Door) "
    r"[A-ZÀ-Ý][\w.'’-]+(?:,? (?:and|und|et|y|e|en|[A-ZÀ-Ý][\w.'’-]+)){0,6}(?:,.{0,40})?\.?\Z"
)
_LETTER_SHARE = 0.55
_LETTERS = re.compile(r"[^\W\d_]|[\u0900-\u0d7f\u0e31-\u0e4e]")
_SOLID = re.compile(r"\S")

_LEANS_ON_WORD_BEFORE = {
    "en": "he she it they his her its their him them this these those that such but and or so nor yet however "
    "moreover furthermore also then thus therefore hence instead meanwhile still nevertheless nonetheless besides "
    "otherwise similarly likewise indeed consequently accordingly afterwards later conversely finally secondly "
    "another both neither either here there's",
    "de": "er sie es ihr ihre ihren sein seine seinen dieser diese dieses diesem diesen das dies dort dabei dafür "
    "dadurch damit dagegen deshalb deswegen daher darum aber doch und oder denn jedoch außerdem zudem auch dann "
    "danach trotzdem dennoch allerdings hingegen stattdessen somit also so",
    "fr": "il elle ils elles ce cela ça cet cette ces son sa ses leur leurs celui-ci mais et ou donc or car "
    "cependant pourtant toutefois ainsi aussi ensuite puis enfin alors néanmoins",
    "es": "él ella ellos ellas este esta esto estos estas ese esa eso su sus pero y o sino así también además "
    "entonces luego después sin embargo aunque",
    "it": "egli lui lei esso essa loro questo questa questi queste quello ciò ma e o però quindi dunque così "
    "anche inoltre poi infatti tuttavia",
    "pt": "ele ela eles elas este esta isto esse essa isso seu sua seus suas mas e ou porém portanto assim também "
    "além então depois contudo",
    "nl": "hij zij ze het dit dat deze die hun haar zijn maar en of dus echter ook dan daarna toch daarom bovendien",
    "ru": "он она оно они его её ее их это этот эта эти тот та те но а и или однако поэтому также тоже затем потом "
    "кроме впрочем",
    "uk": "він вона воно вони його її їх це цей ця ці але а і й або однак тому також потім",
    "pl": "on ona ono oni one jego jej ich to ten ta te ale a i lub jednak dlatego także też potem więc",
    "sv": "han hon den det de hans hennes dess deras denna detta dessa men och eller dock därför också sedan så",
    "da": "han hun den det de hans hendes dens deres denne dette disse men og eller dog derfor også så",
    "no": "han hun den det de hans hennes dens deres denne dette disse men og eller derfor også så",
    "tr": "o onlar bu şu bunlar ama ve fakat ancak ayrıca sonra böylece",
    "ar": "هو هي هم هذا هذه هؤلاء ذلك تلك لكن ولكن وهو وهي كما لذلك وقال وأضاف وقالت وأضافت",
    "hi": "वह वे यह ये उन्होंने उसने इसने उनका उनकी इसका इसके इससे लेकिन पर और मगर हालांकि इसलिए फिर",
    "ko": "그는 그녀는 그들은 이는 그것은 이것은 그러나 하지만 그리고 또한 따라서 그래서 이에",
}
_LEANS_ON_TEXT_BEFORE = {
    "en": (
        *("as a result", "for example", "for instance", "in addition", "in contrast", "by contrast", "even so"),
        *("the rest", "the other", "the former", "the latter", "the same", "not everyone", "not all", "others"),
        "a first",
    ),
    "ja": (
        "しかし",
        "そして",
        "また",
        "その",
        "この",
        "これ",
        "それ",
        "彼",
        "だが",
        "でも",
        "さらに",
        "そこで",
        "一方",
    ),
    "zh": (
        "但",
        "然而",
        "而且",
        "他",
        "她",
        "它",
        "这",
        "那",
        "這",
        "因此",
        "所以",
        "此外",
        "不过",
        "同时",
        "于是",
        "并且",
    ),
}
_NOT_LEANING = {
    "en": re.compile(r"this (?:week|month|year|morning|afternoon|evening|spring|summer|autumn|fall|winter)\b", re.I),
    "de": re.compile(r"(?:das|die) [A-ZÄÖÜ]|diese (?:Woche|Saison)\b|dieses Jahr\b"),
}
_WHOLLY_QUOTED = re.compile(r"[\"“„«「『][^\"”»」』]*[\"“”»」』]\Z")
"""The speaker is named in another sentence."""
_NAMELESS_SPEAKER = re.compile(
    r"[,?!]['\"”’]\s*(?:he|she|they|it)\s+\w+|\b(?:he|she|they) (?:said|says|added|told|asked)\W*\Z"
    r"|\b(?:at the time|at that time|that day)\b",
    re.IGNORECASE,
)


def is_speakable(sentence: str) -> bool:
    """Whether it is a sentence to be said: no address, byline, caption, table row or call to click."""
    letters = len(_LETTERS.findall(sentence))
    solid = len(_SOLID.findall(sentence))
    if not letters or letters < _LETTER_SHARE * solid or _ADDRESS.search(sentence):
        return False
    if _FURNITURE.match(sentence) or _BYLINE.match(sentence):
        return False
    if sentence.rstrip().endswith((":", "：")):
        return False
    if _END.search(sentence):
        return True
    cjk = len(re.findall(f"[{CJK}]", sentence))
    return len(sentence.split()) + cjk / 2 >= FRAGMENT_WORDS


def is_sayable(sentence: str) -> bool:
    """Whether there is anything at all in it that a voice can say."""
    return any(char.isalpha() for char in sentence) and not _ADDRESS.search(sentence)


def leans_on_previous(sentence: str, language: str) -> bool:
    """Whether it opens with a pronoun or a connective whose sense is in the sentence before it."""
    start = sentence.lstrip("\"'“‘„«([「『（¿¡—–- ")
    if _WHOLLY_QUOTED.match(sentence):
        return True
    exempt = _NOT_LEANING.get(language)
    if exempt and exempt.match(start):
        return False
    if start.casefold().startswith(_LEANS_ON_TEXT_BEFORE.get(language, ())):
        return True
    first = re.match(r"[\w\u0300-\u036f\u0900-\u097f-]+", start)
    words = _LEANS_ON_WORD_BEFORE.get(language, "").split()
    if first and first[0].casefold().strip("-") in words:
        return True
    return language == "en" and _NAMELESS_SPEAKER.search(sentence) is not None
