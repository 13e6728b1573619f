"""Words that tell names from ordinary words."""

from __future__ import annotations

from nvpipe.story.grounding.lexemes import word_key


def _keys(words: str) -> frozenset[str]:
    return frozenset(map(word_key, words.split()))


LINKS = _keys(
    "of de del della dei di da do dos das du des van von der den ten ter la le el al bin ibn y & und zu zum af av"
)
"""Small words within names."""
TITLES = _keys(
    "mr mrs ms miss dr prof professor sir dame lord lady saint president vice minister premier chancellor senator "
    "congressman congresswoman representative governor mayor councillor councilman judge justice king queen prince "
    "princess pope bishop captain general colonel major sergeant lieutenant officer detective chief "
    "executive director "
    "chairman chairwoman chair vp svp boss ceo cfo cto coach manager spokesman spokeswoman secretary ambassador "
    "inspector engineer "
    "herr frau doktor präsident präsidentin minister ministerin kanzler kanzlerin bürgermeister bürgermeisterin "
    "señor señora don doña doctor doctora presidente presidenta ministro ministra alcalde alcaldesa sr sra dra "
    "monsieur madame docteur président présidente ministre maire mme "
    "senhor senhora doutor doutora prefeito prefeita signor signora dottor dottoressa sindaco sindaca "
    "professora profesora professeure professoressa stadtbaurätin stadtrat stadträtin jr"
)
PLAIN_CAPITALS = _keys(
    "i i'm i've i'd i'll ok tv vs pm am god internet earth mr mrs usa-based monday tuesday wednesday thursday friday "
    "saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays january february "
    "march april may "
    "june july august september october november december new year year's eve christmas easter covid id faq diy http"
)
"""Capitals that are no claim of the article's, or are checked as dates."""
OPENERS = _keys(
    # Function words.
    "goodbye bye hello hi hey thanks thank "
    "a an the this that these those it its he him his she her hers they them their theirs we us our ours "
    "you your yours i "
    "my me who whom whose which what when where why how there here and but or nor so yet for if then "
    "than as at by from in "
    "into of off on onto out over to under up upon with within without about above across after again "
    "against all almost "
    "alone along already also although always amid among another any anybody anyone anything are around "
    "back because been "
    "before behind being below beneath beside besides between beyond both can could did do does done "
    "down during each "
    "either else enough even ever every everybody everyone everything except few fewer first had has "
    "have having hence "
    "however instead is just last late later least less let like likely many may maybe meanwhile might "
    "more moreover most "
    "much must near nearly neither never next no nobody none not nothing now nowhere often once one only "
    "other others "
    "otherwise own part perhaps quite rather same second several shall should since some somebody someone something "
    "sometimes soon still such sure that's there's it's here's what's who's let's third though through "
    "throughout thus till "
    "together too toward towards twice two until unless unlike was were well what will whatever whenever "
    "wherever whether "
    "while won't would yes zero three four five six seven eight nine ten eleven twelve twenty thirty "
    "forty fifty hundreds "
    "thousands millions dozens half don't can't isn't aren't wasn't didn't doesn't couldn't wouldn't "
    "they're we're you're "
    "he's she's i'm they've we've you've "
    # How the lines of shorts begin.
    "imagine picture think remember guess meet look listen watch see wait stop forget consider take say "
    "says said get got "
    "go going gone come came make made know want need try turn keep give ask call find follow share "
    "subscribe tell told "
    "turns true false fun fact big bigger biggest small good bad better best worse worst new old early today tonight "
    "tomorrow yesterday soon recently suddenly finally eventually overnight officially apparently sadly "
    "luckily critics "
    "experts people locals residents officials police engineers scientists researchers drivers workers "
    "farmers doctors "
    "students teachers parents children kids women men fans players voters investors analysts customers "
    "shoppers owners "
    "everybody nobody neighbours neighbors families families' crews teams plans work repairs costs prices money time "
    "nature water traffic life death war peace love hope fear trouble help news proof reason result results question "
    "answer problem solution story bottom breaking warning spoiler plot bonus update long short high low "
    "fast slow hard "
    "easy free cheap rich poor hot cold dark light real nice great huge tiny massive local national "
    "global public private "
    "human nothing's everyone's who've until despite plus minus per via amid among thanks welcome sorry "
    "please ready set "
    "construction building bridges trains buses boats ships planes cars science history research studies "
    "data numbers "
    "science-fiction weather rain snow wind storm fire flood ice heat school schools work university "
    "hospital city town "
    "village country government council court company companies business industry market markets shares stock bank "
    "year years month months week weeks day days hour hours minute minutes night morning evening spring "
    "summer autumn "
    "fall winter north south east west northern southern eastern western central"
)
VERBS_AFTER_NAMES = _keys(
    "said says told tells warned warns added adds announced announces argued argues claimed claims "
    "called calls joined "
    "joins led leads won wins lost loses bought buys sold sells built builds founded signed signs beat "
    "beats scored scores "
    "made makes plans wants hopes expects believes thinks knows paid pays opened opens closed closes "
    "launched launches "
    "refused refuses agreed agrees denied denies accused accuses sued sues hired fired named replaced "
    "replaces is was has "
    "had will would can could did does moved moves began begins became becomes came took takes gave gives got gets"
)
GERMAN_SPEECH = _keys(
    "sagte sagt erklärte erklärt warnte warnt betonte betont meinte meint so laut berichtete berichtet"
)
GROUPS = tuple(
    _keys(group)
    for group in (
        "us usa american americans america states",
        "uk british britain britons britain's kingdom",
        "france french frenchman",
        "germany german germans",
        "netherlands dutch",
        "spain spanish spaniard spaniards",
        "china chinese",
        "japan japanese",
        "greece greek greeks",
        "switzerland swiss",
        "denmark danish danes",
        "poland polish poles",
        "sweden swedish swedes",
        "finland finnish finns",
        "turkey turkish turks",
        "ireland irish",
        "wales welsh",
        "norway norwegian norwegians",
        "portugal portuguese",
        "eu union",
        "un nations",
        "england english",
        "scotland scottish scots",
        "peru peruvian",
        "thailand thai",
    )
)
"""Forms of one name that share no beginning."""
_PLAIN_ENDINGS = (
    "ing",
    "ly",
    "tion",
    "tions",
    "ment",
    "ments",
    "ness",
    "ity",
    "ities",
    "ers",
    "ists",
    "ism",
    "able",
    "ful",
)


def plain_ending(key: str) -> bool:
    """Whether an English word ends as ordinary words do."""
    return key.endswith(_PLAIN_ENDINGS) and len(key) > 5
