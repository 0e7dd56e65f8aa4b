"""Words of the film catalog: its genres, the tags that say nothing, themes to look for in plots."""

from __future__ import annotations

import re

# Every genre of the catalog, and the other names under which the sources know it.
GENRES: dict[str, tuple[str, ...]] = {
    "action": ("superhero", "martial arts"),
    "adventure": (),
    "animation": ("animated",),
    "biography": ("biographical", "biopic"),
    "comedy": ("satire",),
    "crime": (),
    "documentary": (),
    "drama": ("legal",),
    "family": ("kids", "children"),
    "fantasy": (),
    "film noir": ("film-noir", "noir", "neo-noir"),
    "history": ("historical",),
    "horror": ("slasher",),
    "music": (),
    "musical": (),
    "mystery": (),
    "romance": ("romantic",),
    "science fiction": ("sci-fi", "scifi", "sci fi"),
    "sport": ("sports",),
    "thriller": ("suspense", "spy"),
    "war": ("best war films", "war movie"),
    "western": (),
}
GENRE_OF: dict[str, str] = {
    name: genre for genre, others in GENRES.items() for name in (genre, *others)
}
# Genres that a viewers' tag may add: there it is nearly always right, where the studio's own list
# stops at three. "family" as a tag means a film about a family.
_BY_TAG = "animation documentary fantasy horror musical mystery romance thriller war western"
GENRES_BY_TAG = frozenset((*_BY_TAG.split(), "action", "science fiction"))

# Themes that are kinds of a genre.
GENRE_OF_THEME: dict[str, str] = {
    theme: genre
    for genre, themes in {
        "action": "martial arts|kung fu",
        "animation": "disney animated feature|pixar animation",
        "comedy": "parody|spoof|dark comedy|black comedy|screwball comedy|british comedy|farce",
        "fantasy": "high fantasy|dark fantasy|fantasy world",
        "horror": "slasher|splatter",
        "mystery": "murder mystery",
        "romance": "love story|romantic comedy",
        "science fiction": "space opera|cyberpunk|alien invasion|scifi cult",
        "western": "spaghetti western",
    }.items()
    for theme in themes.split("|")
}

# Genre-like words of the sources that are no genre here but a good theme.
THEMES_OF_GENRE: dict[str, str] = {
    "dance": "dance",
    "disaster": "disaster",
    "erotic": "erotic",
    "found footage": "found footage",
    "independent": "indie",
    "legal": "courtroom",
    "martial arts": "martial arts",
    "political": "politics",
    "satire": "satire",
    "short": "short film",
    "silent": "silent film",
    "slasher": "slasher",
    "spy": "espionage",
    "supernatural": "supernatural",
    "superhero": "superhero",
    "teen": "teen",
}

SAME_THEME: dict[str, str] = {
    other: theme
    for theme, others in {
        "aliens": "alien",
        "alternate reality": "alternate universe|parallel universe",
        "animals": "animal movie",
        "artificial intelligence": "androids|android(s)/cyborg(s)|cyborgs|man versus machine",
        "based on a book": "adapted from:book|based on book|literary adaptation|book",
        "based on a comic": "adapted from:comic|comic book|graphic novel|dc comics",
        "based on a true story": "true story|based on true story",
        "based on a video game": "adapted from:game|video game adaptation|videogame|computer game",
        "boxing": "boxer",
        "cartoon": "cartoons",
        "christianity": "christian|catholicism",
        "college": "university",
        "coming of age": "coming-of-age|childhood|adolescence",
        "clones": "cloning",
        "con artists": "con men",
        "courtroom": "court|courtroom drama|lawyer|lawyers",
        "cult classic": "cult film|cult|scifi cult",
        "dark comedy": "dark humor|black comedy",
        "disaster": "catastrophe|natural disaster",
        "dance": "dancing",
        "detective": "private detective",
        "dogs": "dog",
        "drugs": "drug abuse|drug addiction|heroin",
        "dystopia": "dystopic future|distopia",
        "espionage": "spying|spies|spy|secret service",
        "fairy tale": "fairy tales",
        "father and daughter": "father daughter relationship",
        "father and son": "father son relationship",
        "feel-good": "feel good movie|heartwarming|happy ending|fun movie",
        "future": "futuristic",
        "geeks": "geek|nerds",
        "gangsters": "gangster|mob|mafia|organized crime|gangs",
        "ghosts": "ghosts/afterlife",
        "gory": "gore|splatter|goretastic|bloody|gruesome|blood",
        "hackers": "hacking",
        "heist": "caper|bank robbery|robbery",
        "hitman": "hit men|assassin|assassins",
        "homosexuality": "gay|gay character|lesbian|queer|glbt",
        "indie": "independent film",
        "inspirational": "inspiring",
        "james bond": "007|007 (series)|bond",
        "loneliness": "solitude|alone in the world",
        "jewish life": "jews|jewish|judaism",
        "magic": "wizards",
        "mathematics": "math",
        "mental illness": "schizophrenia|insanity|mental hospital",
        "mind-bending": "mindfuck|twists & turns|hallucinatory",
        "mockumentary": "fake documentary",
        "monsters": "monster",
        "new york": "new york city",
        "post-apocalyptic": "post apocalyptic|apocalypse|end of the world",
        "pixar": "pixar animation",
        "politics": "political|political corruption",
        "prison": "prison escape|alcatraz",
        "quirky": "off-beat comedy|eccentricity",
        "racism": "race issues|race|segregation|prejudice",
        "revenge": "vengeance",
        "road trip": "road movie",
        "robots": "robot|giant robots",
        "sad": "heartbreaking|tragedy|tear jerker|melancholic|poignant|bleak",
        "scary": "creepy|frightening|eerie|horrible",
        "screwball comedy": "screwball",
        "satire": "satirical",
        "sharks": "shark",
        "silent film": "silent",
        "stop motion": "stop-motion|aardman|aardman studios",
        "surreal": "surrealism|dreamlike|psychedelic",
        "treasure hunt": "treasure",
        "undercover": "undercover cop",
        "video game": "video games",
        "vigilante": "vigilantism",
        "amnesia": "memory loss|short-term memory loss",
        "aviation": "plane",
        "non-linear": "nonlinear",
        "environment": "environmental|ecology",
        "writers": "writing|writer's life",
        "sequel": "sequels|good sequel|franchise|series|trilogy",
        "soccer": "football (soccer)",
        "space": "outer space|space travel|space program|astronauts|nasa|space opera",
        "stoner": "marijuana|weed|stoner movie",
        "superhero": "superheroes|super hero|super-hero|marvel|dark hero",
        "suspense": "suspenseful|tense|intense",
        "sword fighting": "sword fight|swashbuckler",
        "teen": "teen movie|teenager|teens|teenagers",
        "twist ending": "plot twist|surprise ending|twist",
        "vampires": "vampire",
        "vietnam war": "vietnam",
        "werewolves": "werewolf",
        "witches": "witch",
        "world war ii": "wwii|nazis|nazi",
        "zombies": "zombie",
    }.items()
    for other in others.split("|")
}

# Tags of viewers that praise, scold, count prizes or name a person instead of a theme.
JUNK = frozenset(
    """original|mentor|funny|relationships|good action|weird|silly fun|predictable
|funny as hell|dark|gratuitous violence|non-hollywood ending|whimsical|witty|visually appealing
|imdb top 250|hilarious|great acting|great|fight scenes|independent film|criterion|pg-13
|pornography
|big budget|classic|violent|good soundtrack|animated|storytelling|cinematography|touching|dramatic
|dumb but funny|idiotic|very funny|broadway|funniest movies|visually stunning|male nudity
|stupid as hell|70mm|great ending|stupid|talky|enigmatic|sex|silly|stupidity|masterpiece|oscar
|so bad it's funny|sexual|sexy|fast paced|story|good romantic comedies|awesome soundtrack
|golden palm|sexualized violence|irish accent|foul language|good|arnold|adaptation|dumb|scenic
|complex|humorous|nudity|quotable|books|cute|bad acting|visual|good music|bad plot|dialogue
|explosions|life|amazing cinematography|handycam|powerful ending|foreign|sweet|light
|beautiful scenery|spelling bee|dialogue driven|pointless|interesting|artistic|low budget
|downbeat|very interesting|cute!|affectionate|bad cgi|crappy sequel|controversial|visceral
|great movie|entertaining|depp & burton|sarcasm|kick-butt women|notable soundtrack
|amazing photography|humor|fun|bad ending|complicated|cool|factual|long|great music|time
|excellent script|ridiculous|awful|good acting|plot|oscar winner|brutal|too short|too long
|alternate endings|lame|confusing|book was better|creativity|gypsy accent|beautifully filmed
|hard to watch|clever|notable nudity|3d|mtv|passionate|effects|honest|plot holes
|suprisingly clever|free to download|shallow|slow paced|remade|overrated|unlikeable characters
|realistic|bizarre|afi 100 (movie quotes)|visuals|potential oscar nom|great soundtrack|strange
|not as good as the first|better than the american version|harsh|enormously long battle scene
|colourful|stunning|earnest|lyrical|special|complicated plot|pretentious|great cinematography
|money|educational|unusual plot structure|dynamic cgi action|cgi|short|product placement
|realistic action|robert downey jr|tom clancy|coen bros|coen brothers|view askew|amy smart
|emma watson|francis ford copolla|hitchcock|jane austen|kubrick|spielberg|lynch|chris tucker
|tarantino|gilliam|liv tyler|robert ludlum|mozart|kurosawa|philip k. dick|almodovar|c.s. lewis
|george orwell|author:neil gaiman|author:alan moore|disney animated feature|emotional
|girlie movie|lone hero|bittersweet|justice|destiny|obsession|greed|death|life & death
|violence|brutality|women|love|goofy|chase|special effects|drinking|world politics|cars
|sacrifice|light|drama|comedy|crime|adventure|family|kids and family|music|shopping|boat
|intimate|disability|life philosophy|emotional|secrets|memory|stylish|stylized|modern fantasy
|cerebral|indians|technology|business|camp|campy|psychological|psychology|depression
|storytelling|imagination|dialogue|narrated|book|business|action packed|new jersey|story
|nocturnal|plot|humanity|morality|manipulation|honest|skinhead|incest|rape|torture|bdsm|virginity
|voyeurism|sexuality|sexual abuse|strippers|prostitution|nudity (topless)|train|hunting|fish
|israel|germany|graphic design|television|television|firefly|finnish|minnesota|office
|crude humor|good versus evil|fighting|weapons|guns|bombs|airplane|oil|poland|palestine""".replace(
        "\n", ""
    ).split("|")
)
JUNK_PATTERN = re.compile(r"^(oscar|nudity|saturn award|so bad)|^\d{2,4}s?$|^\d{4}$")

# Themes to look for in a plot when viewers' tags are few. (?i) whole words.
PLOT_THEMES: dict[str, str] = {
    "aliens": r"aliens?|extra-?terrestrials?|ufos?",
    "amnesia": r"amnesia\w*|lost (his|her|their) memory",
    "animals": r"animals|zoo|wildlife",
    "apartheid": r"apartheid",
    "artificial intelligence": r"artificial intelligence|androids?|cyborgs?",
    "assassination": r"assassinat\w+",
    "baseball": r"baseball",
    "basketball": r"basketball",
    "based on a book": r"based on [\w ,.'’-]{0,60}(novel|book)s?",
    "based on a true story": r"(based on a|the) true story|true-life|real-life story",
    "boxing": r"box(er|ing)|heavyweight",
    "cancer": r"cancer|terminally ill|terminal illness",
    "christmas": r"christmas|santa",
    "circus": r"circus",
    "civil war": r"civil war",
    "cold war": r"cold war|soviet",
    "college": r"college|university|fraternity|sorority|campus",
    "coming of age": r"coming[- ]of[- ]age|comes of age|growing up|grow up",
    "con artists": r"con (artist|man|men|woman)s?|swindl\w+|hustlers?",
    "conspiracy": r"conspirac\w+",
    "cooking": r"chef|restaurant|cook(ing)?",
    "corruption": r"corrupt\w*",
    "courtroom": r"courtroom|trial|lawyer|attorney|jury|jurors",
    "crime family": r"crime family",
    "cult": r"cultists?|satanic|a cult",
    "dance": r"danc(e|er|ers|ing)|ballet|ballerina",
    "detective": r"detectives?|sleuth|private (eye|investigator)",
    "dinosaurs": r"dinosaurs?",
    "disaster": r"earthquake|tsunami|tornado|volcano|asteroid|meteor|avalanche|hurricane",
    "divorce": r"divorc\w+",
    "dogs": r"dogs?|puppy|puppies",
    "dragons": r"dragons?",
    "dreams": r"dreams|nightmares",
    "drugs": r"drugs?|cocaine|heroin|cartels?|addict\w*",
    "dysfunctional family": r"dysfunctional|estranged (family|father|mother|son|daughter)",
    "dystopia": r"dystopian?|totalitarian",
    "espionage": r"spy|spies|cia|mi6|kgb|secret agents?|espionage|double agent",
    "exorcism": r"exorci\w+|demonic|possess(ed|ion)",
    "fairy tale": r"fairy[- ]?tale|princess|enchanted",
    "fashion": r"fashion|supermodel",
    "father and daughter": r"father and daughter|father-daughter|his( \w+){0,2} daughter",
    "father and son": r"father and son|father-son|his( \w+){0,2} son",
    "football": r"football|quarterback",
    "friendship": r"friendship|best friends?|unlikely friends?",
    "gambling": r"gambl\w+|casino|poker",
    "gangsters": r"gangsters?|mafia|mob(ster)?s?|yakuza|crime boss|gang",
    "ghosts": r"ghosts?|spirits|haunting|apparitions?",
    "gold rush": r"gold rush",
    "hackers": r"hack(er|ers|ing)",
    "halloween": r"halloween",
    "haunted house": r"haunted (house|mansion|home)|(house|mansion|home) is haunted",
    "heist": r"heist|robber(y|s)|bank robb\w+|thie(f|ves)|steal a",
    "high school": r"high[- ]school",
    "hitman": r"hit ?m[ae]n|assassins?|contract killers?",
    "holocaust": r"holocaust|concentration camp|auschwitz",
    "home invasion": r"home invasion|intruders?|break into (his|her|their|a) (home|house)",
    "horses": r"horses?|racehorse",
    "hospital": r"hospital|doctors?|surgeon",
    "hostage": r"hostages?",
    "immigrants": r"immigrants?|immigration",
    "island": r"(an|the|remote|deserted|tropical) island",
    "journalism": r"journalists?|reporters?|newspaper",
    "jungle": r"jungle|amazon",
    "kidnapping": r"kidnap\w*|abduct\w*",
    "las vegas": r"las vegas",
    "london": r"london",
    "los angeles": r"los angeles|hollywood",
    "love triangle": r"love triangle",
    "mad scientist": r"mad scientist",
    "magic": r"magic(al|ian|ians)?|wizards?|sorcer\w+",
    "martial arts": r"martial arts?|kung[- ]fu|karate|ninjas?|samurai",
    "marriage": r"marriage|married couple|newlyweds?",
    "mental illness": r"mental(ly)? ill\w*|schizophren\w+|psychiatric|asylum",
    "mermaids": r"mermaids?",
    "midlife crisis": r"mid-?life crisis",
    "military": r"soldiers?|marines?|army|navy",
    "monsters": r"monsters?|creatures?",
    "motherhood": r"single mother|single mom|motherhood",
    "mummy": r"mummy",
    "murder mystery": r"murder mystery|whodunn?it|solve (the|a) murder",
    "musicians": r"musicians?|rock band|singer|songwriter|rapper|pianist|concert",
    "mutants": r"mutants?|mutat\w+",
    "native americans": r"native americans?|apache|cherokee|comanche",
    "new york": r"new york(?! times)|manhattan|brooklyn",
    "orphans": r"orphan\w*",
    "outer space": r"outer space|spaceship|astronauts?|galaxy|planet",
    "paris": r"paris(?! hilton)",
    "pirates": r"pirates?",
    "aviation": r"airplane|airliner|fighter pilot|airline",
    "police": r"police|cops?|fbi",
    "politics": r"politic\w+|president|senator|election|congress",
    "post-apocalyptic": r"post-?apocalyptic|apocalypse|end of the world",
    "pregnancy": r"pregnan\w+",
    "prison": r"prison\w*|jail|inmates?|convicts?",
    "racing": r"rac(e|ing) (car|driver)s?|racing|street rac\w+|formula one",
    "racism": r"racis\w+|segregat\w+|civil rights",
    "religion": r"priests?|nun|church|faith|religious",
    "revenge": r"revenge|vengeance|aveng\w+",
    "road trip": r"road[- ]trip|cross-country|hitchhik\w+",
    "robots": r"robots?",
    "royalty": r"(?-i:king|queen|prince|royal)",
    "serial killer": r"serial killers?|slasher|psychopath|masked killer",
    "sharks": r"sharks?",
    "sequel": r"sequel to|prequel|(second|third|fourth|final) (installment|film|entry) (in|of)",
    "remake": r"remake",
    "shipwreck": r"shipwreck\w*|sinking ship|castaway",
    "siblings": r"siblings|brothers|sisters",
    "skiing": r"ski|skiing|snowboard\w*",
    "slavery": r"slave(s|ry)?",
    "small town": r"small[- ]town",
    "soccer": r"soccer",
    "stalker": r"stalk(er|ers|ing|ed)",
    "submarine": r"submarines?",
    "suburbia": r"suburb\w*",
    "superhero": r"superhero\w*|superpowers?|super-powered",
    "surfing": r"surf(er|ers|ing)",
    "survival": r"surviv(e|al|ors?)|stranded",
    "teacher": r"teachers?|professor",
    "teen": r"teen\w*|adolescents?",
    "terrorism": r"terroris\w+",
    "texas": r"texas|texan",
    "time loop": r"time loop|same day over",
    "time travel": r"time[- ]travel\w*|travels? (back )?(in|through) time|time machine",
    "treasure hunt": r"treasure|lost city|artifact",
    "undercover": r"undercover",
    "vacation": r"vacation|holiday",
    "vampires": r"vampires?|dracula",
    "video game": r"video ?games?|gamers?",
    "vietnam war": r"vietnam",
    "virus": r"virus|epidemic|outbreak|pandemic|plague",
    "wedding": r"wedding|bride|bridesmaid",
    "werewolves": r"werewol(f|ves)|lycan\w*",
    "wilderness": r"wilderness|mountain(s|eers?)?",
    "witches": r"witch(es|craft)?",
    "workplace": r"office job|co-?workers?|workplace",
    "world war i": r"world war i|first world war|great war",
    "world war ii": r"world war (ii|2|two)|second world war|nazis?|wwii|d-day",
    "writers": r"novelists?|struggling writer|screenwriter",
    "zombies": r"zombies?|undead|living dead",
}
PLOT_PATTERNS: dict[str, re.Pattern[str]] = {
    theme: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)
    for theme, pattern in PLOT_THEMES.items()
}
