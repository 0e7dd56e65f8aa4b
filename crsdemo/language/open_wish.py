# ruff: noqa: E501 - a pattern reads best on one line
"""Whether somebody asks in so many words to be recommended something: one thing, or several."""

from __future__ import annotations

import re

from crsdemo.language.things import things

_MANY = (
    r"(?:a (?:few|couple(?: of)?|handful of|bunch of|list of)|some|several|multiple|various|different|"
    r"other|more|two|three|four|five|six|ten|[2-9]|10|top (?:\w+))"
)
_THINGS = (
    r"(?:options?|ideas?|suggestions?|choices|recommendations?|recs?|picks|titles|alternatives|"
    r"possibilities|films?|movies?|books?|songs?|games?|ones|things|others)"
)
_PLURAL = r"(?!film\b|movie\b|book\b|song\b|game\b)"
# What somebody tells of is not what they ask for
_TOLD = re.compile(
    r"\b(?:i|we|they|he|she|my \w+)(?:'ve| have| had)? (?:\w+ )?(?:seen|saw|watched|loved?|liked?|know|knew|"
    r"hated?|own|read|rented|enjoyed?|made|tried|finished)\b[^.!?;]*",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    rf"\b{_MANY} (?:\w+[ -]){{0,3}}?{_PLURAL}{_THINGS}\b|\bany others?(?=\W*$)"
    r"|\b(?:show|give|gimme|offer|get|list|send|suggest|recommend)(?: me| us)?(?: (?!one\b)\w+)? (?:more|others?|a few|several|"
    r"a couple|two|three|four|five|[2-9])(?:(?: more)?(?:,? (?:please|pls|plz))?[ ,.!?]*$|(?=,? (?:please|like|to choose|of (?:them|those|these))))"
    r"|\b(?:any|some) (?:other|more) (?:options|ideas|suggestions|ones|films|movies|recommendations)\b"
    r"|\bmore (?:like (?:this|that|it|these|those)|of (?:the same|these|those|them))\b|^(?:some |a few |any )?more[ ,.!?]*(?:please)?[ .!?]*$"
    r"|\bwhat (?:else|other)\b|\banything else\b(?! *(?:told|i|you|we|about|to (?:know|say|tell)|that)\b)|\bwhat are my options\b|\blet me choose\b|\bmore than one\b"
    r"|\b(?:what|which) (?:\w+ ){0,2}(?:films|movies|books|songs|games|options|ones) (?:\w+ ){0,2}(?:do|would|can|could) you\b",
    re.IGNORECASE,
)


def asks_for_several(text: str) -> bool:
    """Whether the words ask for more than one: "show me more", "a few options", "three films"."""
    return bool(_SEVERAL.search(_TOLD.sub(" told . ", text.replace("\u2019", "'"))))


_USE = r"(?:watch|see|read|play|listen to|hear|put on|try|go for)"
_RECOMMEND = r"(?:recommend|suggest|pick|choose|find)"
_NO_ITEM = r"(?:chances?|problems?|ideas?|luck|issues?|trouble|news|plans?|experience|connections?|relations?|resemblance|harm|seen|way|fun|contact|other)"
_ONE = re.compile(
    rf"\b(?:can|could|would|will) you (?:please |maybe |perhaps )?(?:help (?:me|us) )?(?:to )?{_RECOMMEND}\b"
    rf"|(?:^|[.!?;,] *)(?:hi|hey|hello|so|ok|okay|please|just|then|and)?[ ,]*{_RECOMMEND} (?:me |us )?(?:a|an|one|some\w*|any\w*)\b"
    rf"|\bwhat (?:should|shall|can|could|do) (?:i|we) {_USE}\b|\bwhat (?:do|would|can|could) you {_RECOMMEND}\b"
    rf"|\b(?<!seen )(?<!watched )(?<!read )any (?:\w+ )?{_THINGS}(?= (?:for|tonight|today|this|on)\b|\?)(?! (?:for|on) (?:it|that|this|him|her)\b)"
    r"|\b(?:so |and )?what(?:'?s| is)? (?:next|now)(?=\W*$)|(?:^|[.!?;,] *)next\?"
    rf"|\b(?:know|idea|sure|decide|dunno) what to {_USE}\b|\bdunno what to\b"
    r"|\bwhat(?:'?s| is| are) (?:a|an|some|the) (?:really |very )?(?:good|great|best|nice|decent|fun)\b(?! (?:part|thing|scene|bit))"
    r"|(?:^|[.!?;,] *)(?:do you |you )?(?:know |got |have )?any (?:good|great|nice|decent) (?=\w)"
    r"|\b(?:any|got any|have any) (?:good |other )?(?:ideas?|suggestions?|recommendations?|recs?|tips?)\b|\bsurprise me\b"
    rf"|\b(?<!seen )(?<!watched )(?<!read )(?:any|some|more) (?:\w+ ){{0,2}}?{_THINGS} (?:by|with|about|like|from|set|starring|where)\b"
    # "got any comedies like Airplane?", "any old ones with her?"; not "any problem with it?"
    rf"|(?<!seen )(?<!watched )(?<!read )\bany (?:(?!{_NO_ITEM}\b)[\w-]+ ){{1,3}}?(?:like|with|by|from|starring|set in)\b(?! me\b| you\b)"
    r"|(?:^|[.!?,;] *)(?:(?:and|or|ok|do you have|have you got|got|is there) )?anything (?:\w+ ){0,2}?(?:with|by|starring|like|set in) (?!(?:it|that|this|him|her|them|the)\b)\w+"
    # a wish that a text begins with: "something with robots"; not "something is wrong", "anything with Tom Hanks in it?"
    r"|^\W*(?:(?:hi|hey|hello|hm+|ok|okay|well|so|then|now|maybe|just)\b[ ,]*)*(?:some ?thing|smth|sth|anything) (?!(?:is|was|went|seems|must)\b)(?:\w+ ){0,3}?(?:with|about|like|for|from|in|set|by|starring|under|without)\b(?![^.!]*\?)"
    # who leaves it to us
    r"|^\W*(?:(?:just|um+|hm+|oh|i|ok) )*(?:whatever|anything|don'?t (?:care|mind)|(?:no|any) (?:idea|preference)s?|up to you|you (?:pick|choose|decide)|your (?:pick|choice)|idk|dunno|i don'?t know|not sure)(?: (?:really|then|works|goes|is fine|you like|you want|for me|pls|please|tbh|lol))*\W*$",
    re.IGNORECASE,
)
_ASK_ME = re.compile(r"\bask (?:me|us)\b|\bquestions?\b", re.IGNORECASE)


def asks_for_one(text: str) -> bool:
    """Whether the words ask to be recommended something: "what should I watch?", "any ideas?"."""
    text = text.replace("\u2019", "'")
    return bool(_ONE.search(text)) and not _ASK_ME.search(text)


def says_no_more(text: str) -> bool:
    """Whether nothing is named in a text that asks for one: "can you recommend a film?"."""
    return not things(_ONE.sub(" ", text.replace("\u2019", "'")))


_WE = r"(?:i|we)(?:'ve|ve| have| had)?(?: (?:all|both|already|just|actually|also|too))*"
_THAT = (
    r"(?:it|that|this|all of (?:them|those|these)|them|those|these|both|the last (?:one|two))"
    r"(?: (?:one|film|movie|book|game|song))?"
)
# "I've seen that", "know it by heart"; not "have you seen it?", "I saw that it is long"
_KNOWN = re.compile(
    rf"(?:\b{_WE} (?:seen|saw|watched|read|played|heard|know)|(?:^|[.!;,] *)(?:already |yeah |yes |no,? ?)?"
    rf"(?:seen|saw|watched|know|read|played)) {_THAT}(?=\W*$|[.,;!]| (?:already|before|too|once|twice|three|by heart|and|last|years|ages|in|at|on|when|with|yesterday|today|recently)\b"
    r"| all\W*$| (?:[\w']+ ){1,3}times\b)|^\W*(?:this|that|same with (?:this|that))(?: one)? (?:too|as well)\b|(?:^|[.!;,] *|\bi(?:'?ve)? |\bwe(?:'ve)? )(?:already (?:seen|watched|read|played)|(?:seen|watched|read|played) +already)\W*$",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"\b(?:you|forgot\w*|remember|never|not|haven|havent|didnt|again)\b|n't\b|\?", re.IGNORECASE
)
_ANOTHER = re.compile(
    r"\bnot (?:that|this)(?: one)?\b|\bnot (?:for me|my thing|quite)\b|\bno,? thank(?:s| you)\b|\bi'?ll pass\b|\bpass\b|\bskip\b|\bnext\b|"
    r"\b(?:something|anything|another|one) (?:\w+ )?(?:else|different|other)\b|\b(?:another|a different) (?:one|film|movie|book|game|song|try)\b|\banother(?=\W*(?:(?:pls|plz|please)\W*)?$)|\bany (?:others?|more)(?=\W*$)|"
    r"\btry again\b|\bone more\b|\bdon'?t (?:like|want|fancy) (?:it|that|this)(?: one)?\b",
    re.IGNORECASE,
)
# What is wrong with what was recommended: "that's too sad for me", "too long"
_TOO = re.compile(
    r"\W*(?:(?:no+|nah|hm+|ok|but|sorry|well|that(?:'?s| is| one is)?|it(?:'?s| is)?|this is|sounds|looks|seems|still|just|a bit|a little|way|far|much)\b\W*)*too (?!(?:good|bad|late|kind)\b)[\w-]+(?: (?:for (?:me|us|tonight|now|today|my \w+)|tbh|sorry|again))*\W*",
    re.IGNORECASE,
)
_FILLING = frozenset(
    """
    a actually again and but completely did find fine for get gimme give hm hmm i i'd i'm it like maybe me nah no nope now
    ok okay one or please pls plz really recommend show something sorry still suggest tell thanks that the
    then this totally try us we well would yeah you
    """.split()  # noqa: SIM905  # it is read, not written, more often
)


_NO = re.compile(
    r"\W*(?:(?:no+|nope|nah+|naw|meh|not really|again|way|still|hm+)\b\W*)+", re.IGNORECASE
)


def says_no(text: str) -> bool:
    """Whether that is all that is said: "nope", "nah, not really"."""
    return bool(_NO.fullmatch(text))


def asks_for_another(text: str) -> bool:
    """Whether what was recommended is known already or not wanted, and no more is said of it.

    "seen it", "not that one", "something else"; not "I've seen it but forgot the end".
    """
    text = text.replace("\u2019", "'")
    if _TOO.fullmatch(text) or (_KNOWN.search(text) and not _UNSURE.search(text)):
        return True
    rest = _ANOTHER.sub(" ", text)
    return rest != text and _FILLING.issuperset(re.findall(r"[\w']+", rest.lower()))


_LIKES = re.compile(
    r"\b(?:lov|lik|enjoy|ador)(?:e|es|ed)\b|\bfan of\b|\binto\b|\bfavou?rites?\b", re.I
)
_NOT_LIKED = re.compile(
    r"\b(?:not|never|nobody|hate[sd]?|nothing|no more|too|but|than|as much)\b|n['’]?t\b|\?", re.I
)


def likes(text: str) -> bool:
    """Whether somebody tells what they like, and asks nothing: "they loved it"."""
    return bool(_LIKES.search(text)) and not _NOT_LIKED.search(text)
