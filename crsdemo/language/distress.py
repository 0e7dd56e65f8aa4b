# ruff: noqa: E501 - a pattern reads best on one line
"""Whether somebody says that they are in distress: suicide, self-harm, being hurt, hopelessness.

Rules, for a person must be heard whatever a model makes of the words. They look for somebody who
speaks of themselves or of those near to them; what happens to people in films is no distress. To
miss somebody is worse than to ask once too often.
"""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz.distance import OSA

# Mended where one letter (two in long words) is wrong
_SPELT = (
    "suicide", "suicidal", "myself", "hopeless", "worthless", "overdose", "overdosed", "depressed",
    "killing", "abused", "anymore", "hurting", "cutting", "goodbye",
)  # fmt: skip
_OTHER_WORDS = frozenset({"homeless", "filling", "billing", "milling", "willing", "putting"})
_SHORT = {
    "wanna": "want to", "wana": "want to", "gonna": "going to", "gona": "going to", "wnat": "want",
    "kil": "kill", "kms": "kill myself", "cant": "cannot", "dont": "do not", "im": "i am",
    "ive": "i have", "id": "i would", "isnt": "is not", "doesnt": "does not", "wouldnt": "would not",
    "theres": "there is", "whats": "what is", "hes": "he is", "shes": "she is", "u": "you",
    "dieing": "dying", "unalive": "kill", "selfharm": "self harm", "noone": "nobody",
    "mom": "mother", "mum": "mother", "mommy": "mother", "dad": "father", "stepdad": "father",
    "stepfather": "father", "stepmother": "mother", "everybody": "everyone", "anybody": "anyone",
}  # fmt: skip

_NEAR = (
    r"(?:husband|wife|partner|boyfriend|girlfriend|bf|gf|ex|fiance|fiancee|father|mother|parents?|"
    r"brother|sister|son|daughter|child|kids?|uncle|aunt|cousin|friend|boss|teacher|coach|"
    r"roommate|flatmate|neighbou?r|nephew|niece|grand\w+|classmates?|family)"
)
_MINE = rf"\bmy (?:\w+ ){{0,2}}{_NEAR}"
_SOMEBODY = rf"(?:{_MINE}|\b(?:he|she|they|somebody|someone|people|a man|men))"
_SELF = r"(?:kill|hang|hurt|harm|cut|drown|shoot|stab|burn|starve|poison|injure)"
_SELF_ING = r"(?:killing|hanging|hurting|harming|cutting|drowning|shooting|stabbing|burning|starving|poisoning|injuring)"
# What somebody who speaks of themselves does, means to do or would like
_DEED = (
    r"(?:die|dying|be dead|not exist|stop existing|suicide|(?:commit|committing|do|doing) suicide|"
    r"(?:end|ending) (?:it all|it tonight|it now|it today|things|everything|this life|my (?:own )?life)|"
    r"(?:end|ending) it$|(?:take|taking) my (?:own )?life|overdos\w+|"
    r"jump(?:ing)? (?:off|from|in front of|under|out of) (?:a|an|the|my|this|that) \w+|"
    r"(?:slit|slitting|cut|cutting) my (?:wrists?|arms?|throat))"
)
_WOULD = (
    r"(?:want(?:ed|s)? to|wish(?:ed)? to|would like to|need to|going to|about to|ready to|"
    r"plan(?:ning|s|ned)? (?:to|on|how to)|decided to|tried to|try to|trying to|will|"
    r"(?:keep |been |stop )?(?:think|thinking|thought|thoughts) (?:of|about)|feel(?:ing)? like|"
    r"considering|tempted to|scared i (?:will|might)|might|should (?:just )?|fantasi[sz]e about|dream (?:of|about))"
)
_I = r"(?:^|\bi (?:\w+ ){0,4}?|[.!?,;:] ?(?:(?:just|been|and|but|so) )*)"

# Somebody speaks of themselves; what else they say of films changes nothing
_GRAVE = (
    rf"{_I}{_WOULD} (?:just |really |simply |only |maybe )*{_DEED}",
    rf"(?<!\bhe )(?<!\bshe )\b(?:{_SELF}|{_SELF_ING}|hanged|harmed|stabbed) myself",
    r"\bend(?:ing)? my (?:own )?life\b|\btak(?:e|ing) my own life\b",
    r"\b(?:cannot|can not) (?:stand|bear) (?:being alive|living|my life|life)\b",
    r"(?:^|[.,!?] ?|\bso )(?:feeling|felt) (?:\w+ )?suicidal\b",
    r"\bi (?:am|feel|have been|felt|get)(?: \w+){0,2} suicidal\b|\bsuicidal (?:thoughts|feelings|again)\b",
    r"\b(?:i|my) (?:\w+ ){0,3}(?:self harm(?:ing|ed)?)\b|\b(?:cutting|burning) (?:my (?:arm|leg|wrist|skin)|again)",
    r"\bi (?:\w+ ){0,3}(?:think|thinking|thought) (?:of|about) suicide",
    r"\bi (?:\w+ )?wish (?:that )?i (?:was|were|am) (?:dead|gone|never born|not alive|not here)\b",
    r"\bi (?:\w+ )?wish i (?:had|have|would|could)(?: just)? (?:never (?:been )?(?:born|wake up|woken up|existed)|die\b|be dead|disappear forever|not wake up|stop existing|fall asleep forever)",
    r"\bwish i had never been born",
    r"\b(?:do not|not|no longer) (?:really |even )?(?:want|wish|care) to (?:live|be alive|exist|go on|keep going|wake up)\b",
    r"\b(?:do not|no longer) (?:really |even )?want to be (?:here|around|alive|in this world)(?: any ?more| any longer|[.!?]*$)",
    r"\bnever want to wake up\b|\bhope i (?:do not|never|will not) wake up\b",
    r"\bi (?:have )?(?:just )?(?:took|taken|swallowed|take|ate) (?:a lot of|lots of|too many|all (?:of )?(?:my|the|his|her)|a (?:whole )?(?:bottle|box|pack|handful) of|\d+|so many|loads of|the whole (?:bottle|box) of) ?(?:\w+ )?(?:pills?|tablets|meds|medication|painkillers|sleeping \w+|paracetamol|tylenol)",
    r"\bi (?:have )?(?:over ?dosed)\b|\bi have (?:a|the|got a) (?:rope|gun|razor|blade|noose|knife) (?:and|ready|here|in)\b",
    r"\bmy (?:goodbye|suicide|farewell) (?:letter|note)\b|\bsaid my goodbyes\b",
    r"\b(?:no|any|nothing|without a) (?:\w+ )?(?:reasons?|point|sense) (?:left )?(?:to|in|for me to) (?:live|living|go on|going on|be alive|being alive|keep going|stay alive)\b|\bnothing (?:left )?to live for\b",
    r"\b(?:lost|no|losing) (?:the|my|all)? ?(?:will|wish|strength) (?:left )?to (?:live|go on|keep going)\b",
    r"\b(?:i am |so |just )?(?:tired|sick) of (?:living|life|being alive|existing|my life|this life)\b",
    r"\blife (?:is|feels|has)(?: (?:just|so|simply))? (?:not worth (?:it|living|anything)|worthless|pointless|meaningless|no (?:meaning|point|sense))(?! in (?:it|the|this|that))",
    r"\b(?:everyone|they|the world|my (?:\w+ )?(?:family|kids|children|parents|friends|wife|husband|mother)|you|people) (?:\w+ )?(?:would|will|is|are) (?:all )?(?:be )?better off (?:without me|if i)\b",
    r"\bi (?:am|would be|will be) better off dead\b",
    r"\b(?:nobody|no one|who) (?:\w+ )?(?:would|will|even) (?:\w+ )?(?:miss me|notice if i|care if i|cry if i|notice me gone)",
    r"\bwhat is the point of (?:living|life|going on|being alive|existing|carrying on|my life|it all)\b|\bno point (?:in|of|to) (?:living|going on|my life)\b",
    r"\bi want (?:it|this|everything|the pain|all this|all of it)(?: all)? to (?:stop|end|be over)\b",
    r"\bi (?:am|have become) (?:just )?(?:such )?a burden\b",
    r"\bi feel like (?:such )?a burden\b",
    r"\b(?:i am|feel) (?:\w+ )?(?:a )?danger to myself\b|\bafraid (?:of what )?i (?:might|will|may|could) do (?:something )?to myself",
    r"\bi (?:might|will|may|could|am going to) do something (?:to myself|stupid to)",
    # hurt by others
    rf"{_SOMEBODY} (?:\w+ ){{0,2}}?(?:hits?|hitting|beats?|beating|hurts|hurting|abuses?|abused|abusing|rapes?|raped|molests?|molested|assaulted|attacked|chokes?|choked|strangled|kicks?|kicked|punch(?:es|ed)|slaps|slapped|threatens?|threatened|forces?|forced|touches|touched|stalks|stalking|bullies|bullied|locks|locked) me\b(?! (?:at (?!night|home|work|school|least|the moment)|to the|to it|in (?:a|every|the) (?:quiz|game|race|list|\w+ quiz)|up with|with (?:a|the|that|his|her) (?:\w+ )?(?:spoiler|joke|line|title|surprise|story|film|movie)))",
    rf"{_SOMEBODY} (?:\w+ ){{0,4}}?threaten\w* to (?:kill|hurt|harm|beat|hit|rape|shoot) (?:me|us|my)\b",
    rf"{_SOMEBODY} (?:said|says|will|is going to|wants to) (?:he |she |they )?(?:will |would )?(?:kill|hurt|rape) me\b",
    r"\bi (?:was|am|got|get|have been|am being|was being|keep getting|keep being|am getting|have just been)(?: \w+)? ?(?:raped|abused|molested|sexually (?:assaulted|abused|harassed)|assaulted|beaten|beaten up|hit|bullied|stalked|trafficked|threatened)(?! by (?:a|the|this|that|how|its) (?:\w+ )?(?:film|movie|ending|scene|story|twist|soundtrack))(?= (?:at|by|every|again|last|when|as|yesterday|today|tonight|this|and|for|in my|all|since|before)\b|[ ,.!?]*$)",
    r"\bi am (?:not|no longer|never) safe (?:here|at home|with|in)\b|\bi do not feel safe (?:here|at home|with|in my)\b",
    rf"\bi am (?:so )?(?:afraid|scared|terrified) (?:of (?:my (?:\w+ )?{_NEAR}|him|her|going home|what (?:he|she) will do)|to go home|for my life|(?:that )?(?:he|she|they) will (?:kill|hurt|hit|beat))",
    # somebody near
    rf"{_MINE} (?:\w+ ){{0,3}}?(?:wants? to|is going to|tried to|is trying to|threatens? to|talks? (?:about|of)|is talking (?:about|of)|thinks (?:about|of)|is thinking (?:about|of)|keeps|says \w+ (?:will|wants? to)) (?:\w+ )?(?:die\b|suicide|commit(?:ting)? suicide|{_SELF} (?:him|her|them)sel(?:f|ves)|{_SELF_ING} (?:him|her|them)sel(?:f|ves)|tak(?:e|ing) (?:his|her|their) (?:own )?life|end(?:ing)? (?:it all|(?:his|her|their) life))",
    rf"{_MINE} (?:is|seems|has been) (?:\w+ )?suicidal\b",
)
# The same may be said of a film, or of choosing one
_LIGHT = (
    r"\bi (?:just |really |simply )*(?:cannot|can not) (?:go on|do (?:this|it)|take (?:this|it|much more)|bear (?:this|it)|cope|live like this|carry on|keep going|handle (?:this|it))(?: like this| alone)?(?: any ?more| any longer|[ ,.!?]|$)",
    r"\bi (?:\w+ )?(?:am|feel|felt|feeling)(?: \w+){0,3} (?:hopeless|worthless|useless to everyone|trapped|dead inside|broken inside|empty inside|like dying|in despair|desperate)\b(?! (?:at|with|romantic|for))",
    r"\bi (?:am|feel|have been)(?: \w+){0,2} (?:so|really|very|deeply|severely|terribly|too|extremely) depressed\b",
    r"\bmy depression (?:is|has|gets|got)\b",
    r"\b(?:no|without|any|lost all) hope(?: left)?(?: for me| in my life| at all| any ?more|[.!?]*$)",
    r"\bi (?:\w+ )?(?:see|have|there is) no way out\b",
    r"\beverything (?:is|feels) (?:so |just )?(?:hopeless|pointless|meaningless|black|over)\b",
    r"\bi hate (?:myself|my life|being alive)\b(?! for)",
    r"\bi (?:have )?(?:give|given|gave) up on (?:life|myself|everything)\b",
    r"\bi (?:want|wish i could|would like)(?: to)?(?: just)? disappear\b(?! into)",
    r"\b(?:nobody|no one) (?:cares about|loves|needs|wants) me\b|\beveryone hates me\b",
    r"\bi have (?:nothing|nobody|no one) left\b|\bthere is nothing left for me\b",
    r"\bnothing matters (?:to me|any ?more)\b",
    r"\bhelp me\b.*\b(?:dying|die|hurt|hurts|scared|alone|going to)\b",
    rf"{_MINE} (?:was|has been|got|is being|is) (?:just )?(?:raped|molested|beaten|abused|assaulted|sexually \w+)\b",
    r"\b(?:she|he) (?:was|has been|got) (?:just )?(?:raped|molested|beaten|assaulted)(?: up)? (?:last|yesterday|today|tonight|again)\b",
    r"\bi am (?:at|on) the (?:edge|end of my rope|end of my tether|brink)\b",
)
# Words that are dark where somebody speaks of themselves and not of films
_DARK = (
    r"suicid\w*|self harm\w*|overdos\w*|(?:kill|hurt|harm|starv|cut)\w* myself|noose|(?:a|the|my) rope (?:and|ready|around|here|in)|"
    r"(?<!could )die|dying|(?<!or )dead(?! or)|death|(?:be|being|stay) alive|exist(?:ing)?|wake up|deserve to live|last night (?:here|alive|on earth)|"
    r"(?:give|gave|giving|done|through|sick|tired) (?:up on|with|of) (?:life|living|everything|the world|being alive)(?! like)|could die(?! happy)|sleep forever|vanish|(?:cut|cuts) too deep|even alive|eat\w* me alive|way forward|car into|(?:make|through|survive) (?:it through )?(?:the|this) night|end it|ending it|to jump|want out|hopeless\w*|worthless|lost all hope|"
    r"no hope|no future|any future|(?:see|have) (?:no|a|any) future|no point (?:to|in) (?:anything|life|living|any)|"
    r"never stops|burden|my life is over|(?:standing|sitting|am|up) on (?:the|a) (?:roof|bridge|ledge|edge|balcony|rails|tracks|platform)|"
    r"(?:all|so many|too many|enough|more) (?:of )?(?:my |the |sleeping )?(?:pills|tablets|meds|medication)|"
    r"(?:like|live|living|go on) like this|what i (?:might|may|could|will) do|(?:empty|numb)(?! after| from)|despair\w*|"
    r"rap(?:ed|ing|ist)|abus(?:ed?|es|er|ing)|assault\w*|molest\w*|"
    r"(?:he|she|they|who|someone|somebody|father|mother)(?: \w+){0,4} (?:forc|beat|hit|hurt|punch|kick|chok|strangl|threaten|"
    r"stalk|drug|burn|stab|stabb|slap|slapp|bully|bulli)(?:s|e|es|ed|ing|en|ening)? me(?! (?:at|to it|with|up)\b)|my last (?:night|day|message|words)|"
    r"bruises?|broke my|hiding (?:in|from)|outside my|(?:cut|cutting|cuts|hurt|hurting|hurts|harm\w*|kill\w*) (?:her|him)self|"
    r"shoot me|bleeding|afraid of (?:him|her)"
)
_ONESELF = r"\b(?:i|me|my|myself|ive|feeling)\b"
_ABOUT_FILMS = re.compile(
    r"\b(?:films?|movies?|watch\w*|see(?:n|ing)?(?! (?:no|a|any) (?:way|future|hope|reason|point|end))(?! any\b)|saw|shows?|"
    r"series|season|episodes?|scenes?|endings?|characters?|plots?|sequels?|actors?|actress|soundtrack|acting|trailer|"
    r"director|comed\w+|horror|thrillers?|dramas?|action|documentar\w+|titles?|recommend\w*|cinema|netflix|remake|"
    r"franchise|superhero\w*|story|stories|hero(?:ine)?|cheer me up|something (?:\w+ )?(?:funny|light|long|short|to)|"
    r"suggest\w*|choose|pick|quiz|game|twist|genre|hair|romantic|detective|spoiler\w*|popcorn|books?|music|song|joke\w*|"
    r"anything with|something with|something like|with something|funny|laugh\w*|finish)\b"
)
_LAUGHS = r"(?:(?:ha){2,}h?|lol|lmao|rofl)"
_OF_CHOOSING = r"(?:(?:pick|choos|decid|remember|recall|guess|spell|typ|find|nam|search|explain|describ)ing|names|titles|choices|decisions|faces)"
# At the beginning of a clause: "when he drinks it scares me to death" speaks of no film
_IT = r"(?:^\W*|[.,!?;] |\b(?:and|but|yeah|because|nah) )(?:(?:it|that|this)(?: one)? |which )?(?:(?:really|nearly|almost|just|literally|actually|absolutely) )?"
# What sounds like it and is a way of speaking
_SPEAKING = re.compile(
    r"\b(?:die|dying|died|kill(?:ed)?|killing) (?:me )?(?:of |from |with )?(?:laugh\w*|boredom|curiosity|cringe|embarrassment|for|my hair|to (?:see|know|watch|hear|find|try|meet|read|get))\b"
    r"|\b(?:bored|tired|scared?|love[ds]?|sick|frightened|worried|frozen|starving) to death\b"
    rf"|(?:\bbor(?:ed?|es|ing)|{_IT}(?:scar(?:ed?|es)|frighten(?:s|ed)?))(?: (?:me|us|him|her|them|(?:my|the) \w+)) to death\b"
    rf"|\b{_LAUGHS} i am (?:so |literally )?dead(?=\W*$|[.,!])|^i am (?:so |literally )?dead {_LAUGHS}(?=\W*$|[.,!])"
    rf"|\bi am dying here (?:just|so)\b|\bhopeless (?:at|with) {_OF_CHOOSING}\b"
    r"|\bdead (?:tired|serious|on|funny|boring|good|set|end|line|poets|man|pool|calm|easy)\b|\bdrop dead\b"
    r"|\b(?:life and death|death to|matter of life|the end of the world|to die for|die hard(?:er)?|die a hero|let die|time to die|never say die|kill bill|death becomes her|death proof|a hero)\b"
    r"|\b(?:movies?|films?|ending|scene|plot|acting|sequel|dialogues?|trailer|remake|song|twist|script|it|that|this|which|episode)"
    r"(?: \w+){0,3} (?:made|makes|make|making) me (?:\w+ )?(?:want to|feel like|wish|feel) [^,.;!?]*"
    r"|\b(?:rather|sooner) (?:die|be dead|\w+ myself)\b[^,.;!?]*\bthan\b"
    r"|\b(?:hurt|hurting|kill|killing|killed|cut|burn) myself (?:laughing|off (?:a|some) (?:slice|piece)|out)\b"
    r"|\b(?:not|never|no|without|are not|is not|am not) (?:feeling )?(?:suicidal|depressed)\b"
    r"|\b(?:kill|hang|shoot) (?:me|myself) if (?:i|we|you) (?:\w+ )*(?:have to|must|see|watch|hear|pick|choose|miss|make|forget)\b"
    r"|^(?:\W*)better off dead\W*$|\b(?:suicide squad|virgin suicides|suicide shop|suicide kings)\b"
)
_QUOTED = re.compile(
    r"[\"\u201c\u201d\u00ab\u00bb][^\"\u201c\u201d\u00ab\u00bb]{3,}[\"\u201c\u201d\u00ab\u00bb]"
)

_grave, _light = (re.compile("|".join(f"(?:{one})" for one in them)) for them in (_GRAVE, _LIGHT))
_dark, _oneself = re.compile(rf"\b(?:{_DARK})\b"), re.compile(_ONESELF)


def is_in_distress(text: str, untitled: str | None = None) -> bool:
    """Whether the words say so, of the person who wrote them or of somebody near to them.

    `untitled`: the same without the titles that were found in it, as `Turn.untitled` has it.
    """
    is_about_films = bool(_ABOUT_FILMS.search(_plain(text)))
    if _grave.search(_meant_so(_QUOTED.sub(" ", text) if is_about_films else text)):
        return True
    if is_about_films:
        return False
    said = _meant_so(text if untitled is None else untitled)
    return bool(_light.search(said) or (_oneself.search(said) and _dark.search(said)))


def _meant_so(text: str) -> str:
    """Without what is but a way of speaking."""
    return _SPEAKING.sub(" , ", _plain(text))


def _plain(text: str) -> str:
    """Lower case without accents, apostrophes and short forms, spelt as it was meant."""
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"n['\u2019\u02bc`]t\b", "nt", text)
    text = re.sub(r"['\u2019\u02bc`]", "", text)
    text = re.sub(r"([a-z])\1{2,}", r"\1", text)  # "pleaaase"
    text = re.sub(r"[-\u2010-\u2015_/*\s]+", " ", text).strip()
    return re.sub(r"[a-z]+", lambda found: _meant(found[0]), text)


def _meant(word: str) -> str:
    if word in _SHORT:
        return _SHORT[word]
    if len(word) < 5 or word in _OTHER_WORDS or word in _SPELT:
        return word
    for right in _SPELT:
        most = 2 if len(right) > 8 else 1
        if word[0] == right[0] and OSA.distance(word, right, score_cutoff=most) <= most:
            return right
    return word
