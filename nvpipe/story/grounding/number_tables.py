"""The tables behind `number_words`: one function a language."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType

from nvpipe.language.hindi import BELOW_HUNDRED
from nvpipe.story.grounding.lexemes import word_key
from nvpipe.story.grounding.number_words import NumberWords


def _keys(words: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in words.split())


def _counted(words: str, first: int = 0, step: int = 1) -> dict[str, int]:
    """Words in the order of their values; spellings of one value are parted by a bar."""
    table: dict[str, int] = {}
    for place, spellings in enumerate(words.split()):
        for spelling in spellings.split("|"):
            table[word_key(spelling)] = first + place * step
    return table


def _table(pairs: str) -> dict[str, int]:
    return {word_key(word): int(float(value)) for word, value in (pair.split("=") for pair in pairs.split())}


def _shares(pairs: str) -> dict[str, Fraction]:
    return {word_key(word): Fraction(value) for word, value in (pair.split("=") for pair in pairs.split())}


def _english() -> NumberWords:
    units = _counted(
        "zero|nought one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen "
        "seventeen eighteen nineteen"
    )
    tens = _counted("twenty thirty forty|fourty fifty sixty seventy eighty ninety", 20, 10)
    ordinals = _counted(
        "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
        "sixteenth seventeenth eighteenth nineteenth",
        2,
    )
    ordinals |= {"first": 1} | {f"{word[:-1]}ieth": value for word, value in tens.items()}
    ordinals |= {"hundredth": 100, "thousandth": 1000, "millionth": 10**6}
    shares = _shares("half=1/2 halves=1/2 quarter=1/4 quarters=1/4")
    for word, value in ordinals.items():
        if 3 <= value <= 20 or value in (100, 1000, 10**6):
            shares |= {word: Fraction(1, value), f"{word}s": Fraction(1, value)}
    return NumberWords(
        values=units | tens,
        hundreds=_keys("hundred"),
        scales=_table(
            "thousand=1e3 million=1e6 billion=1e9 trillion=1e12 quadrillion=1e15 lakh=1e5 lakhs=1e5 crore=1e7 "
            "crores=1e7"
        ),
        links=_keys("and"),
        points=_keys("point"),
        halves=shares,
        articles=_keys("a an one"),
        ordinals=ordinals,
        collective=_table("dozen=12"),
        vague=_table("dozens=12 hundreds=100 thousands=1e3 millions=1e6 billions=1e9 trillions=1e12"),
        minus=_keys("minus negative"),
    )


def _spanish() -> NumberWords:
    low = _counted(
        "cero uno|un|una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
        "diecisiete dieciocho diecinueve veinte veintiuno|veintiún|veintiuna veintidós veintitrés veinticuatro "
        "veinticinco veintiséis veintisiete veintiocho veintinueve"
    )
    tens = _counted("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10)
    hundreds = _counted(
        "cien|ciento doscientos|doscientas trescientos|trescientas cuatrocientos|cuatrocientas quinientos|quinientas "
        "seiscientos|seiscientas setecientos|setecientas ochocientos|ochocientas novecientos|novecientas",
        100,
        100,
    )
    return NumberWords(
        values=low | tens | hundreds,
        hundreds=frozenset(),
        scales=_table("mil=1e3 millón=1e6 millones=1e6 billón=1e12 billones=1e12"),
        links=_keys("y"),
        points=_keys("coma punto"),
        halves=_shares(
            "medio=1/2 media=1/2 mitad=1/2 tercio=1/3 tercios=1/3 cuarto=1/4 cuartos=1/4 quinto=1/5 quintos=1/5"
        ),
        articles=_keys("un una la"),
        ordinals=_gendered(
            "primer|primero segundo tercer|tercero cuarto quinto sexto séptimo octavo noveno décimo", "o", "a"
        ),
        collective=_table("docena=12 decena=10 centenar=100 millar=1000"),
        vague=_table("docenas=12 decenas=10 cientos=100 centenares=100 miles=1e3"),
        minus=_keys("menos"),
    )


def _gendered(words: str, male: str, female: str) -> dict[str, int]:
    table = _counted(words, 1)
    return table | {f"{word[: -len(male)]}{female}": value for word, value in table.items() if word.endswith(male)}


def _french() -> NumberWords:
    low = _counted(
        "zéro un|une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
    )
    tens = _counted("vingt|vingts trente quarante cinquante soixante septante huitante|octante nonante", 20, 10)
    ordinals = _counted(
        "premier|première deuxième|second|seconde troisième quatrième cinquième sixième septième huitième "
        "neuvième dixième onzième douzième",
        1,
    )
    return NumberWords(
        values=low | tens,
        hundreds=_keys("cent cents"),
        scales=_table("mille=1e3 million=1e6 millions=1e6 milliard=1e9 milliards=1e9 billion=1e12 billions=1e12"),
        links=_keys("et"),
        points=_keys("virgule"),
        halves=_shares(
            "demi=1/2 demie=1/2 moitié=1/2 tiers=1/3 quart=1/4 quarts=1/4 cinquième=1/5 cinquièmes=1/5 dixième=1/10 "
            "dixièmes=1/10"
        ),
        articles=_keys("un une la le"),
        ordinals=ordinals,
        collective=_table(
            "douzaine=12 dizaine=10 quinzaine=15 vingtaine=20 trentaine=30 cinquantaine=50 centaine=100 millier=1000"
        ),
        vague=_table("dizaines=10 douzaines=12 centaines=100 milliers=1e3"),
        minus=_keys("moins"),
    )


def _portuguese() -> NumberWords:
    low = _counted(
        "zero um|uma dois|duas três quatro cinco seis sete oito nove dez onze doze treze catorze|quatorze quinze "
        "dezesseis|dezasseis dezessete|dezassete dezoito dezenove|dezanove"
    )
    tens = _counted("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa", 20, 10)
    hundreds = _counted(
        "cem|cento duzentos|duzentas trezentos|trezentas quatrocentos|quatrocentas quinhentos|quinhentas seiscentos|"
        "seiscentas setecentos|setecentas oitocentos|oitocentas novecentos|novecentas",
        100,
        100,
    )
    return NumberWords(
        values=low | tens | hundreds,
        hundreds=frozenset(),
        scales=_table(
            "mil=1e3 milhão=1e6 milhões=1e6 bilhão=1e9 bilhões=1e9 trilhão=1e12 trilhões=1e12 bilião=1e12 "
            "biliões=1e12"
        ),
        links=_keys("e"),
        points=_keys("vírgula ponto"),
        halves=_shares(
            "meio=1/2 meia=1/2 metade=1/2 terço=1/3 terços=1/3 quarto=1/4 quartos=1/4 quinto=1/5 quintos=1/5"
        ),
        articles=_keys("um uma a"),
        ordinals=_gendered("primeiro segundo terceiro quarto quinto sexto sétimo oitavo nono décimo", "o", "a"),
        collective=_table("dúzia=12 dezena=10 centena=100 milhar=1000"),
        vague=_table("dúzias=12 dezenas=10 centenas=100 milhares=1e3"),
        minus=_keys("menos"),
    )


def _italian() -> NumberWords:
    low = _counted(
        "zero uno|un|una due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici "
        "sedici diciassette diciotto diciannove"
    )
    tens = _counted("venti trenta quaranta cinquanta sessanta settanta ottanta novanta", 20, 10)
    ordinals = _gendered("primo secondo terzo quarto quinto sesto settimo ottavo nono decimo", "o", "a")
    return NumberWords(
        values=low | tens,
        hundreds=_keys("cento"),
        scales=_table(
            "mille=1e3 mila=1e3 milione=1e6 milioni=1e6 miliardo=1e9 miliardi=1e9 bilione=1e12 bilioni=1e12"
        ),
        links=_keys("e"),
        points=_keys("virgola"),
        halves=_shares(
            "mezzo=1/2 mezza=1/2 metà=1/2 terzo=1/3 terzi=1/3 quarto=1/4 quarti=1/4 quinto=1/5 quinti=1/5"
        ),
        articles=_keys("un uno una la"),
        ordinals=ordinals,
        collective=_table("dozzina=12 decina=10 ventina=20 trentina=30 centinaio=100 migliaio=1000"),
        vague=_table("dozzine=12 decine=10 centinaia=100 migliaia=1e3"),
        minus=_keys("meno"),
    )


def _german() -> NumberWords:
    low = _counted(
        "null ein|eins|eine|einen|einem|einer zwei|zwo drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn "
        "vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn"
    )
    tens = _counted("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig", 20, 10)
    stems = "erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte"
    ordinals = {
        f"{word}{ending}": value for word, value in _counted(stems, 1).items() for ending in ("", "n", "r", "s", "m")
    }
    and_half = {f"{word}einhalb": value + Fraction(1, 2) for word, value in low.items() if value}
    return NumberWords(
        values=low | tens,
        hundreds=_keys("hundert"),
        scales=_table(
            "tausend=1e3 million=1e6 millionen=1e6 milliarde=1e9 milliarden=1e9 billion=1e12 billionen=1e12 "
            "mio=1e6 mrd=1e9"
        ),
        links=frozenset(),
        points=_keys("komma"),
        halves=and_half
        | _shares(
            "anderthalb=3/2 halb=1/2 halbe=1/2 halben=1/2 halbes=1/2 halber=1/2 hälfte=1/2 drittel=1/3 viertel=1/4 "
            "fünftel=1/5 sechstel=1/6 achtel=1/8 zehntel=1/10"
        ),
        articles=_keys("ein eine einen einer einem die der"),
        ordinals=ordinals,
        collective=_table("dutzend=12"),
        vague=_table("dutzende=12 hunderte=100 tausende=1e3 zehntausende=1e4 hunderttausende=1e5"),
        minus=_keys("minus"),
    )


def _hindi() -> NumberWords:
    low = _counted(BELOW_HUNDRED)
    return NumberWords(
        values=low,
        hundreds=_keys("सौ"),
        scales=_table("हज़ार=1e3 लाख=1e5 करोड़=1e7 अरब=1e9 खरब=1e11 मिलियन=1e6 बिलियन=1e9"),
        links=frozenset(),
        points=_keys("दशमलव"),
        halves=_shares("आधा=1/2 आधे=1/2 आधी=1/2 तिहाई=1/3 चौथाई=1/4 डेढ़=3/2 ढाई=5/2 सवा=5/4"),
        articles=_keys("एक"),
        ordinals=_table(
            "पहला=1 पहले=1 पहली=1 दूसरा=2 दूसरे=2 दूसरी=2 तीसरा=3 तीसरे=3 तीसरी=3 चौथा=4 चौथे=4 चौथी=4 पाँचवां=5 "
            "पाँचवें=5 "
            "पाँचवीं=5 पांचवां=5 पांचवें=5 पांचवीं=5 छठा=6 छठे=6 छठी=6 सातवां=7 सातवें=7 सातवीं=7"
        ),
        collective=_table("दर्जन=12"),
        vague=_table("दर्जनों=12 सैकड़ों=100 हज़ारों=1e3 लाखों=1e5 करोड़ों=1e7"),
        minus=_keys("माइनस ऋण"),
    )


MAKERS = MappingProxyType(
    {"en": _english, "es": _spanish, "fr": _french, "pt": _portuguese, "it": _italian, "hi": _hindi, "de": _german}
)
