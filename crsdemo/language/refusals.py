"""What a text refuses, and what is left of it as a wish.

"no horror", "my mum hates dogs", "romance isn't my thing" refuse; "I can't get enough of horror",
"why not a comedy?", "not only comedies" do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_NT = r"(?:n['’]?t| not)"
_AUX = r"(?:ca|do|does|did|is|are|was|were|has|have|had|can|could|would|wo|should|must|need|ai|am)"
_CANT = r"(?:can['’]?t|can ?not)"
_NEVER = rf"(?:{_AUX}{_NT}|cannot|can ?not|not|never|no longer|hardly)"
_WHO = r"(?:me|us|him|her|them|my \w+|the \w+|everyone|everybody)"
_WHOSE = r"(?:my|our|his|her|their)"
_DULL = (
    r"(?:boring|tedious|dull|silly|stupid|dumb|annoying|awful|terrible|horrible|unbearable|lame|"
    r"tiresome|exhausting|depressing|disgusting|overrated|ridiculous|pointless|the worst|"
    r"scary|frightening|upsetting|stressful|too much|a bore|a drag|rubbish|trash|garbage)"
)
# What is said of the disliked; behind a "not" or "never" it refuses nothing
_DISLIKE = (
    r"avoid(?:ing)?|skip(?:ping)?|hates?|hated|dislikes?|disliked|loathes?|detests?|despises?|"
    r"leave out|leaving out|spare (?:me|us)|exclude|excluding|ban|ditch|abhors?|can['’]?t stand|"
    r"drop|omit|reject|resent|"
    r"(?:so |too |really )?(?:sick|tired|bored|scared|afraid|frightened|terrified|allergic|weary|"
    r"wary|averse|opposed|done|over|through|finished)(?: of| to| with| by)|"
    r"(?:got |get |gets )?(?:upset|bored|scared|annoyed|put off|disturbed) by|fed up (?:with|of|by)|"
    r"(?:had |got )?(?:more than )?enough (?:of|with)|too (?:much|many)|say no to|live without|"
    r"do without|have (?:a )?(?:hard time|trouble|issues?|problems?) with|gone off|refuse"
)
# Where nothing is refused, though a word of refusal stands there
_NO_REFUSALS = (
    rf"{_NEVER}(?: (?:really|ever|yet|even|at all|all that|too|so|be|been|get|got|getting|am|have|"
    rf"had|grow|there|i|you|we|be any))* (?:{_DISLIKE})",
    rf"{_NEVER}(?: \w+){{0,3}}? enough",
    rf"{_NEVER} (?:resist|wait|help|think of|remember|forget|go wrong|say no|do without|beat)"
    r"(?: with| to)?",
    rf"{_NEVER} (?:see|seen|watch|watched|had)(?: (?:too|that|so|very))? (?:much|many)",
    rf"(?:{_CANT}|could{_NT}) (?:love|like|be|want|wish|ask)(?= )(?=[^.,;!?\n]*\b(?:more|happier|better)\b)",
    rf"(?:do{_NT}|would{_NT}) mind",
    rf"(?:{_NEVER}|hates?)(?: \w+){{0,3}}? (?:any|every)thing(?: \w+)? (?:but|except|other than|"
    r"apart from|besides|as)",
    r"(?:used to|once) \w+|never (?:thought|expected|imagined|knew)|at first",
    rf"did{_NT} (?:use to )?(?:like|enjoy|care for|want)(?=[^.;!?\n]*\b(?:before|now|at first|until)\b)",
    r"hates? (?:to|it|when|waiting|that)|no such thing as (?:too )?(?:much|many|enough)",
    rf"{_NEVER}(?: really| ever| even)* (?:bores?|scares?|bothers?|annoys?|upsets?|disappoints?|fails?|"
    r"gets? old|frightens?|disturbs?|puts? me off)",
    rf"{_NEVER} \w+(?=[^.,;!?\n]* enough\b)",
    r"enough (?:with )?(?:the |of the )?(?:talk|talking|chat|chatter|questions|small talk|about)",
    rf"why (?:{_AUX}{_NT}|not)|what not|whether or not|or not|if not|but not least|"
    rf"why(?: \w+)? {_AUX}{_NT}",
    r"not (?:only|just|merely|familiar|sure|bad|really sure|that i|that|against|too bad|yet|picky|"
    r"fussy|hard|to mention|opposed|too (?!fond|keen|big|into|crazy|much)\w+|very|so (?!fond|keen|big|into|crazy|much)\w+|necessarily|today|"
    r"(?:an? |much of an? )?(?:expert|buff|kid|child|snob|connoisseur|nerd|specialist|beginner|long|"
    r"stranger|purist|critic))",
    r"no (?:problem|worries|thanks|thank you|idea|clue|matter|rush|preferences?|doubt|longer|need to|"
    r"objections?|complaints?|offen[cs]e|hurry|question|wonder|secret|surprise|kidding|joke|lie|"
    r"harm|shame|reason|limits?|such|expert|stranger|trouble|sequels?|more than|less than|time like)",
    rf"{_AUX}{_NT} (?:there|it|that|this|he|she)",
    r"there (?:is|are|was)(?:n['’]?t| not| no)(?: (?:any|a|such|good|thing))*",
    rf"(?:do|did|have|are|could|would|can|wo|should){_NT} (?:you|we|they)",
    rf"(?:have|has|had|['’]ve){_NT} (?:seen|watched|had|found|got|heard|tried)|never (?:seen|heard|tried)",
    rf"who (?:{_AUX}{_NT}|could)",
    rf"(?:do{_NT}|dun|du) ?(?:know|no)|{_NEVER} (?:worry|hold back|be shy|matter|care (?:if|what|how|"
    rf"when|whether|which)|have to|need to|think|give up|stop)",
    rf"(?:that|which|who) (?:{_AUX}{_NT}|never|nobody|no ?one)",
    r"(?:no|not),? (?:i|you|it|that|this)(?! stuff)",
    r"nothing (?:beats|better|like (?:an?|some)(?! \w+ stuff)|i (?:like|love|want)|against|else|but|"
    r"except|other|less|fancy|special|new|too \w+|would|could|more|makes|wrong|to)",
    r"less (?:than|talk\w*)|(?:no|not) (?:one|body|anyone)|nobody|none other|like nothing",
    r"without (?:a )?(?:doubt|question|hesitation|fail|thinking|further|exception)|"
    r"a sad end\w*",
)
_STEER = r"(?:keep|stay|steer|stear)(?: \w+)? (?:well |far )?(?:away|clear) (?:from|of)"
_LIKE = (
    r"(?:like|want|enjoy|need|do|watch|care (?:for|about)|love|get on with|feel like|fancy|"
    r"have (?:the |any )?(?:stomach|time|patience|nerves?|interest|energy|love) (?:for|in)|dig|"
    r"go for|wish|appreciate|ask for|see the point of|get|understand|rate|believe in|crave)"
)
_BEFORE_WHAT = (
    rf"no|not|nothing|nor|without|w/o|except|excluding|minus|less|fewer|other than|apart from|besides|"
    rf"(?:any|every)thing but|{_STEER}|none of (?:that|those|the|your|these)|neither(?! of)",
    rf"{_DISLIKE}|(?<!\bi )forget(?: about)?|(?:i['’]m|we['’]re|i am|we are) (?:so |totally )?over",
    rf"(?:(?:as|so) long as|provided|if)(?: that)? (?:it|that|they)(?:['’]s|['’]re| is| are| was)?{_NT}",
    rf"{_AUX}{_NT} (?:really |even |usually |ever |actually |particularly |much |especially )*{_LIKE}",
    rf"{_AUX}{_NT} (?:ever |please )?(?:give|show|suggest|recommend|offer|bring|pick|choose|find|"
    rf"send|propose|play|put on)(?: to)?(?: me| us)?",
    rf"(?:stop|quit|no more)(?: with| recommending| suggesting| showing| giving| offering| picking| "
    rf"proposing| playing)(?: me| us)?",
    rf"(?:wo{_NT}|will not|would{_NT}|{_CANT}) (?:do|watch|take|handle|see|touch|deal with|tolerate|abide|"
    rf"stomach|accept|sit through|go near|get (?:me|us) to watch|get into|cope with)",
    rf"(?:{_CANT}|could{_NT}|able to) (?:stand|bear|abide|stomach|take)|could{_NT} care less (?:about|for)",
    r"never (?:watch(?:ed)?|liked?|cared for|enjoy(?:ed)?|loved?|been (?:into|(?:a |an )?(?:big )?fans? of|"
    r"keen on)|mind|again|want(?:ed)?)",
    r"(?:could|can) (?:happily |easily )?(?:do|live) without|rather (?:not|skip|avoid)"
    r"(?: see| watch| have)?",
    rf"(?:wo|would|should){_NT} be",
    rf"(?:is|are|was|were|am|ai){_NT} (?:really |exactly |so |that |all that |much |too |very )*(?:into|"
    rf"(?:an? |big |huge |the )*(?:fans?|lovers?) of|keen on|fond of|up for|interested in|after|"
    rf"looking for|in the mood for|big on|crazy about|wild about)",
    r"not (?:a |an |much of a )?(?:fan|fans|lover) of|not into|not (?:\w+ )?(?:looking for|after|up for)",
    rf"(?:something|thing|things|it in) (?:against|for avoiding)|the last thing \w+ (?:wants?|needs?)"
    rf"(?: \w+)? (?:is|are)",
    r"refuses? to (?:watch|see|sit through)|get rid of|hold the|lose the|cut (?:out )?the|cut out|"
    r"free of|free from|down with|to hell with|so over|leave off|allergy to|aversion to",
)
_AFTER_WHAT = (
    rf"(?:just |really )?(?:is|are|was|were|ai|has|have)(?:{_NT}| never|n['’]?t just)(?: been)? "
    rf"(?:really |so much |exactly |quite |just )*(?:{_WHOSE}|for|what)",
    rf"(?:just |really |simply )*(?:is|are|['’]s) (?:just |really |simply |so |strictly |too |way |kind "
    rf"of |pretty |very |an? )*(?:no|no-?go|deal-? ?breaker|turn-? ?off|out(?: of the question)?|off the "
    rf"(?:table|menu|list)|banned|forbidden|not allowed|not welcome|unwelcome|the last thing|"
    rf"{_DULL})\b(?! of\b)",
    rf"(?:is|are){_NT}(?=,|\.|;|!|$)",
    rf"makes? {_WHO} (?:sick|cry|sad|puke|sleepy|anxious|yawn|nervous|uncomfortable|ill|angry|cringe)",
    rf"(?:bores?|scares?|annoys?|disgusts?|upsets?|depress(?:es)?|irritates?|terrif(?:y|ies)|"
    rf"bothers?|disturbs?|frightens?|repels?|exhausts?|stress(?:es)?) {_WHO}",
    rf"(?:freaks?|creeps?|stress(?:es)?|weirds?|gross(?:es)?|wears?) {_WHO} out|turns? {_WHO} off|"
    rf"gives? {_WHO} (?:nightmares|the creeps|the willies|a headache|anxiety)|"
    rf"puts? {_WHO} (?:to sleep|off)|leaves? {_WHO} cold|gets? on {_WHOSE} nerves|gets? {_WHO} down",
    rf"(?:do(?:es)?|did|will|wo){_NT} (?:really |quite )*(?:work|do it|do anything|do much|interest|"
    rf"appeal|cut it|grab|excite|suit|go down well)",
    r"never (?:worked|works|did it|does it|do it|appealed|appeals|interested|was|were) (?:for|to|my|our|\w+)|"
    r"(?:really )?(?:sucks?|stinks?|blows)\b",
)
_FILLERS = (
    r"(?: (?:too|so|very|really|any|anything|more|much|many|films?|movies?|stuff|with|of|in|to|"
    r"like|watch|see|want|a|an|the|for|that|those|these|another|yet|even|single|kind|sort|type|resembling|"
    r"me|us|all|every|one|about|watching|seeing|on|having|getting)\b)*"
)
_STOP = (
    r"\b(?:but|though|although|however|yet|while|whereas|just|instead|please|pls|plz|maybe|perhaps|only|"
    r"something|i|i['’]m|i['’]d|we|we['’]d|more|rather|then|because|cause|as long|so|otherwise|hence|"
    r"(?:and |so )?(?:love|loves|prefer|prefers|want|wants|give|show|find|recommend|suggest|"
    r"looking|let['’]?s)|how about|what about|or else|will do|would be|is fine|are fine|is ok)\b"
)
_ONE = rf"(?:(?!{_STOP})[^.,;:!?\n–—]){{0,40}}"
_SOME = rf"(?:(?!{_STOP})[^.,;:!?\n]){{1,30}}?"
# A list goes on behind a comma if it ends in "or": "no drama, comedy or horror"
_WHAT = rf"(?P<what>{_ONE}(?:(?:, ?(?!no\b|not\b){_ONE}){{1,5}}\b(?:or|nor) {_ONE})?)"
_WORD = rf"(?!{_STOP})[\w'’-]+"
_SUBJECT = rf"(?P<what>\b{_WORD}(?: {_WORD}){{0,2}}?)"
_NO = (
    r"(?:no thanks?|no thank you|no way|nope|nah|never|(?:oh |god |please )?no(?! \w)(?: please)?|please no|"
    r"absolutely not|definitely not|certainly not|rather not|not for (?:me|us)|hard pass|not really|"
    r"not today|not tonight|not again|i['’]ll pass|pass|not a chance|not my thing)"
)
_NO_REFUSAL = re.compile(rf"\b(?:{'|'.join(_NO_REFUSALS)})\b", re.IGNORECASE)
_REFUSALS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{'|'.join(_BEFORE_WHAT)})\b{_FILLERS}{_WHAT}",
        rf"\bkeep{_FILLERS}(?P<what>{_SOME}) (?:out|away)\b",
        rf"\bfinds? (?!me\b|us\b)(?P<what>{_SOME}) (?:so |too |really |a bit |very )*{_DULL}\b",
        rf"\benough (?P<what>{_SOME}) (?:already|now|for (?:now|today|one|me|us))\b",
        rf"{_SUBJECT} (?:{'|'.join(_AFTER_WHAT)})\b",
        r"(?P<what>\b[\w'’]+(?: [\w'’]+)?)-free\b",
    )
)
# Heard whatever stands there that refuses nothing elsewhere
_ALWAYS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:nobody|no ?one|none|neither)(?: \w+){{0,4}}? (?:likes?|wants?|enjoys?|cares? for|fancies|"
        rf"is into|are into|needs?|asked for|can stand)\b{_FILLERS}{_WHAT}",
        rf"{_SUBJECT} ?[?,:–—-]+ {_NO}(?=\s*(?:$|[.,;!\n]|but\b|and\b))",
        rf"\b(?:ugh|yuck|yikes|eww?|bleh|blegh)\b[,!.]*{_FILLERS} ?{_WHAT}",
    )
)


class _Span(NamedTuple):
    start: int
    end: int
    what: str


def refused(text: str) -> list[str]:
    """What is refused, as it was said, each with the words around it that belong to it."""
    return [span.what for span in _spans(text)]


def wanted(text: str) -> str:
    """The text without what is refused."""
    kept, end = "", 0
    for span in _spans(text):
        kept += text[end : span.start] + " "
        end = span.end
    return kept + text[end:]


def _spans(text: str) -> list[_Span]:
    """In order, none within another."""
    heard = _NO_REFUSAL.sub(lambda found: "\0" * len(found[0]), text)
    spans: list[_Span] = []
    for span in sorted(_found(text, heard), key=lambda span: (span.start, -span.end)):
        if not spans or span.start >= spans[-1].end:
            spans.append(span)
    return spans


def _found(text: str, heard: str) -> Iterator[_Span]:
    """`heard`: the text without what refuses nothing."""
    for patterns, where in ((_REFUSALS, heard), (_ALWAYS, text)):
        for pattern in patterns:
            for found in pattern.finditer(where):
                yield _Span(found.start(), found.end(), found["what"].replace("\0", " "))
