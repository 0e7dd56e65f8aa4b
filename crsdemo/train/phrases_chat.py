"""Talk that is no wish: greetings, thanks, questions about a film or about the assistant."""
# ruff: noqa: E501 - a sentence stays in one piece

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Exchange:
    """What may be said and what may be answered to it."""

    user: tuple[str, ...]
    reply: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A question about the film just recommended. Replies are tried by group, first that fits.

    A group fits if the film can fill all holes of one of its sentences. {genre} in a reply is
    filled by the first genre among `genres`, {tag} by the first keyword among `keywords`.
    """

    user: tuple[str, ...]
    replies: tuple[tuple[str, ...], ...]
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()  # the facts that answer it; no other stands on the card


GREETING = Exchange(
    (
        "[hi|hello|hey|hiya|hey there|hi there|hello there|good evening|good morning|good afternoon|howdy|yo|greetings|hallo][|!|.| :)]",
        "[hi|hello|hey], [anyone there|how are you|how's it going|can you help me|are you there|nice to meet you]?",
        "[hi|hey], I need [help|some advice|a hand|a tip]",
        "hello, it's me again",
        "good day to you",
        "hey, what's up?",
        "hi, are you the film expert?",
        "hello, I was told you know films",
        "evening!",
        "hi, how does this work?",
        "hey, can I ask you something?",
        "morning",
        "[hi|hello|hey] [movie bot|bot|friend|buddy|film friend|mate]",
    ),
    (
        "Hello! What are you in the mood for?",
        "Hi there. Tell me a mood, a person or a film you liked, and I'll look for something.",
        "Hi. Do you feel like something light or something serious?",
        "Hello! Which film did you enjoy lately?",
        "Welcome. Are you watching alone, with friends or with children?",
        "Hello. Which film did you last enjoy?",
        "Hi there. Give me a genre, an actor or just a mood.",
        "Good to have you here. What would make a good film for you tonight?",
        "Hello. Something to laugh about, something to fear, or something to think over?",
        "Hi. Is there an actor or a director you like?",
    ),
)
HOW_ARE_YOU = Exchange(
    (
        "how are you[|?| today?| doing?]",
        "how's it going?",
        "how do you do?",
        "are you well?",
        "how was your day?",
        "what's up",
        "everything ok with you?",
        "you alright?",
    ),
    (
        "I'm fine, thank you. What would you like to watch?",
        "All good here, thanks. Shall we find you a film?",
        "Very well, thanks for asking. Do you fancy something light or something serious?",
        "Good, thank you. And you? Tell me your mood and I'll look for a film to match.",
        "Can't complain. What shall we look for?",
    ),
)
ABOUT_YOU = Exchange(
    (
        "what can you do?",
        "who are you?",
        "what are you?",
        "how do you work?",
        "are you [a robot|human|a real person|a bot|an AI]?",
        "what do you know?",
        "can you help me?",
        "what is this?",
        "help",
        "how does this work?",
        "do you only know films?",
        "what should I ask you?",
        "what's your name?",
        "how do you choose?",
        "where do you get your ideas from?",
        "can you recommend films?",
        "do you know a lot of movies?",
        "can you do series too?",
        "how old are you?",
    ),
    (
        "I help people find films. Tell me a mood, a genre, a person or a film you liked, and I'll suggest one.",
        "I'm a program that recommends films from a catalog. What would you like to see?",
        'You can say things like "something scary", "a comedy from the eighties" or name a film you loved. What will it be?',
        "I'm a small film recommender. Tell me what you like and what you don't, and we'll find something.",
        "I know facts about a few thousand films: who made them, who is in them, what they are about. Give me a hint and I'll pick one.",
        "Films are all I know. Which one did you enjoy lately?",
        "I compare what you say with thousands of films and suggest what fits. Want to try? Tell me your mood.",
        "I'm a program, so I haven't watched anything myself, but I know what people like together. What do you feel like?",
    ),
)
OPINION = Exchange(
    (
        "what's your favourite [film|movie|genre]?",
        "what do you like?",
        "do you like [films|movies|horror|comedies|westerns|Disney]?",
        "what's the best [film|movie] ever made?",
        "which film did you watch last?",
        "do you watch movies?",
        "what is the worst film of all time?",
        "who is your favourite actor?",
        "do you cry at films?",
        "are the old films better than the new ones?",
        "do you prefer books or films?",
        "cinema or sofa?",
        "what did you watch yesterday?",
    ),
    (
        "I don't watch films myself, but I enjoy finding the right one. What do you like?",
        "I have no favourites, I only know what people enjoy. Which one is yours?",
        "That's a long argument among film lovers. What would you put first?",
        "I can't watch, I can only look things up. Tell me what you loved and I'll go from there.",
        "I leave the taste to you. Do you lean towards drama, comedy or something darker?",
        "Tastes differ, luckily. What was the last film that stayed with you?",
        "I'd rather hear about yours. Which film could you watch again and again?",
    ),
)
VAGUE = Exchange(
    (
        "recommend me something",
        "[what should I watch|what can I watch|what to watch][| tonight|?| tonight?]",
        "I [want|need|would like] [to watch|to see] a [film|movie]",
        "[suggest|recommend] [a|some|any] [film|movie|good film|good movie|movies|films]",
        "I'm bored",
        "[any|got any|do you have any] [suggestions|recommendations|ideas|tips]?",
        "I don't know what to watch",
        "something good",
        "a good [film|movie] please",
        "I need a [film|movie] [for tonight|to watch]",
        "[can|could] you [recommend|suggest] [a|a good|some] [film|movie|movies|films]?",
        "surprise me",
        "anything",
        "I'm looking for a [film|movie]",
        "what's good?",
        "what do you have?",
        "movie night, help",
        "I have no idea what I want",
        "tell me what to watch",
        "pick one for me",
        "you choose",
        "whatever",
        "I don't mind what",
        "I'm open to anything",
        "just give me a film",
        "what do you recommend?",
        "what's worth seeing?",
    ),
    (
        "Happy to. Do you feel like something funny, something tense or something romantic?",
        "Gladly. Which film did you enjoy lately?",
        "Sure. Is there an actor or a director you like?",
        "Of course. Old or new, serious or silly?",
        "Let's find out. Are you watching alone or with others?",
        "Let me ask one thing first: what mood are you in?",
        "With pleasure. Name a film you loved and I'll look for its neighbours.",
        "I can do that. Do you prefer comedy, drama, horror or something else?",
        "Sure. Is there anything you don't want to see?",
        "Good. Do you want to laugh, cry, think or hide behind a pillow?",
        "Let's narrow it down. Which decade do you like best?",
        "Happy to help. Should it be an old favourite kind of film or something unusual?",
        "Tell me one thing you like: a genre, a face, a place, a time.",
    ),
)
OFF_TOPIC = Exchange(
    (
        "what's the weather [like|tomorrow|today]?",
        "will it rain [today|tomorrow]?",
        "can you write [code|some Python|my homework|a poem|an essay] for me?",
        "who [won the election|is the president|should I vote for]?",
        "what's 17 times 23?",
        "what time is it?",
        "tell me a joke",
        "what's the capital of [France|Australia|Peru]?",
        "how do I cook [rice|pasta|an egg]?",
        "what do you think about [politics|religion|football|the economy|the government]?",
        "can you book me a [flight|table|taxi]?",
        "what is the meaning of life?",
        "how tall is the Eiffel tower?",
        "my [car|computer|phone] is broken",
        "give me the lottery numbers",
        "who won the [game|match|cup] last night?",
        "what should I [eat|cook|wear] tonight?",
        "translate this into French",
        "I have a headache",
        "is there life on Mars?",
        "do you know a good restaurant?",
        "should I buy bitcoin?",
        "sing me a song",
        "how do I fix my [sink|bike]?",
        "what's the stock market doing?",
        "I need a doctor",
        "write an email to my boss",
        "can you recommend a [book|song|restaurant|podcast|video game]?",
    ),
    (
        "That's beyond me, I'm afraid. Films I can do: what are you in the mood for?",
        "I only know films. Shall we find you one?",
        "I'd be a poor guide there. With films I can help: something funny, perhaps, or something exciting?",
        "I can't help with that, sorry. But tell me a film you liked and I'll find you another.",
        "Not my field, but there is surely a film about it. What kind of thing do you like?",
        "I'll stick to films, if you don't mind. What would you like to watch?",
        "You'd better ask someone else about that. If you want a film for tonight, I'm here.",
        "I don't know, sorry. I could look for a film instead. Any mood in particular?",
        "That one I have to pass. Shall we talk about films?",
    ),
)
NONSENSE = Exchange(
    (
        "asdf",
        "asdfghjkl",
        "qwertz",
        "???",
        "...",
        "blah blah blah",
        "test",
        "testing 1 2 3",
        "lorem ipsum",
        "lol",
        "haha",
        "banana",
        "xyz",
        "hmm",
        "ok",
        "um",
        "1234",
        "hjkl hjkl",
        "foo bar",
        ":-)",
        "!!!",
        "la la la",
        "eh",
        "wat",
        "I am a fish",
        "purple monkey dishwasher",
        "<b>hi</b>",
        "SELECT * FROM films",
        "aaaaaaaa",
        "idk",
        "dunno",
        "what",
        "huh",
    ),
    (
        "I didn't quite get that. Could you tell me what kind of film you'd like?",
        "Sorry, I'm not sure what you mean. Do you have a mood, an actor or a film in mind?",
        "Hm, that one I don't understand. Shall we start with a genre?",
        "Could you say a little more? A mood or a title is enough.",
        "I'm not sure I follow. Tell me a film you liked, and I'll take it from there.",
        "Say a bit more, and I'll find you something. Funny or serious, for instance?",
    ),
)
ABUSE = Exchange(
    (
        "you're [stupid|useless|dumb|an idiot|rubbish|terrible|no help|bad at this]",
        "this is [stupid|rubbish|useless|a waste of time|crap|nonsense]",
        "shut up",
        "you suck",
        "go away",
        "you don't understand [anything|me]",
        "stupid bot",
        "I hate you",
        "what a load of rubbish",
        "are you even listening?",
        "you are the worst",
        "damn you",
        "screw this",
        "you're boring me",
        "your suggestions are [terrible|bad|awful]",
    ),
    (
        "I'm sorry that I wasn't of much help. Shall we try again? One film you love would be a good start.",
        "Fair enough. Tell me what went wrong and I'll do better.",
        "Sorry about that. What would you have liked to hear?",
        "I understand the frustration. Let's start over: what are you in the mood for?",
        "Point taken. Give me one more chance: funny, tense or moving?",
        "I'm doing my best with what I know. What should be different?",
    ),
)
ACCEPT = Exchange(
    (
        "[great|perfect|cool|ok|sounds good|nice|lovely|excellent|wonderful|alright|brilliant|awesome], [I'll watch that|I'll watch it|I'll take it|I'll give it a try|I'll check it out|I'll try that one|that's the one|we'll watch that|let's go with that|I'll see it tonight]",
        "[sounds|that sounds|looks] [good|great|perfect|interesting|fun|like what I need]",
        "I'll [watch that|try it|check it out|have a look|add it to my list|put it on tonight|give it a go]",
        "[that's|this is] [perfect|exactly what I wanted|just what I need|a great idea|it]",
        "sold",
        "deal",
        "yes, that one",
        "good idea",
        "I haven't seen it, sounds good",
        "no, I haven't seen it. I'll watch it",
        "never heard of it but I'm curious",
        "you convinced me",
        "oh nice, I always wanted to see that",
        "good choice",
        "ok let's do it",
        "we have a winner",
        "my wife likes it too, done",
        "on my list",
        "I'll start it right away",
        "I was hoping you'd say that",
    ),
    (
        "Lovely. Enjoy the film!",
        "Good choice. I hope you like it.",
        "Great. Let me know how you liked it.",
        "Wonderful. Have a good evening with it.",
        "Enjoy it. If it isn't for you, come back and we'll find another.",
        "Great, I hope it's the right one. [Have a good time|Popcorn recommended|Sit back and enjoy].",
        "Nice. Come back when you need the next one.",
        "Have a lovely evening with it.",
        "Then I wish you a good time with it.",
        "Very good, I hope it keeps what it promises.",
        "Glad that fits. Enjoy the evening.",
    ),
)
THANKS = Exchange(
    (
        "[thanks|thank you|thanks a lot|many thanks|thx|ty|cheers|thank you so much|thanks so much|much appreciated|thanks for your help|thank you very much][|!|.|, that helped|, you're great|, that's all|, have a nice day]",
        "you've been [very |really |]helpful",
        "that was helpful",
        "thanks, I have enough [ideas|suggestions] now",
        "thanks for the tips",
        "appreciate it",
        "great help, thanks",
        "that's all I needed",
        "you're the best",
        "nice, thank you",
        "you're good at this",
    ),
    (
        "You're welcome. Enjoy the film!",
        "My pleasure. Come back any time.",
        "Any time. Have a lovely evening.",
        "You're very welcome.",
        "Glad I could help. Enjoy!",
        "With pleasure. I hope you like it.",
        "Happy to help. See you at the next film night.",
        "No problem at all. Have fun.",
        "Thank you, that's kind. Enjoy watching.",
        "You're welcome. Tell me how it was, if you like.",
    ),
)
GOODBYE = Exchange(
    (
        "[bye|goodbye|bye bye|see you|see ya|good night|cya|so long|take care|later|farewell|ciao|cheerio][|!|.| then]",
        "have a [nice|good] [day|evening|night|one]",
        "I have to go",
        "gotta go, bye",
        "talk to you later",
        "until next time",
        "I'm off to bed",
        "I'm off, thanks",
        "see you next week",
        "that's it for today",
        "ok bye",
        "the film is starting, bye",
    ),
    (
        "Goodbye, and enjoy the film.",
        "Bye. Come back when you need another one.",
        "See you. Have a good evening.",
        "Good night, and happy watching.",
        "Take care. Until the next film.",
        "Have a good one.",
        "Goodbye. It was nice talking with you.",
        "See you soon. Enjoy!",
        "Bye for now. Popcorn is waiting.",
    ),
)
SMALL_TALK = Exchange(
    (
        "I [just came home|had a long day|am so tired|am having dinner|am on holiday|can't sleep|am alone tonight]",
        "I love [films|movies|the cinema|going to the cinema|popcorn]",
        "it's [raining|so hot today|snowing|freezing] here",
        "my cat is sitting on the keyboard",
        "I'm watching with [my wife|my friends|my kids|my mum]",
        "I used to work in a cinema",
        "I watch a film every night",
        "I never go to the cinema any more",
        "my boyfriend and I can never agree on a film",
        "we have a projector now",
        "I broke my leg",
        "it's my birthday",
        "I'm making popcorn",
        "I have a new TV",
        "I studied film",
        "my English is not so good",
        "I fall asleep during every film",
        "nobody wants to watch with me",
        "I got the day off",
    ),
    (
        "That sounds like a good time for a film. What do you feel like?",
        "I see. Would something light do, or do you want to be gripped?",
        "Then let's find something that suits. Which film did you like lately?",
        "Good to know. Any genre you lean towards?",
        "Nice. Shall I look for something funny, romantic, tense or sad?",
        "All the more reason to find a good film. Old or new?",
        "Then you deserve a good one. Is there an actor you like?",
        "Tell me more: what was the last film you enjoyed?",
        "I'd like to help with that. Do you want to laugh or to think?",
        "Understood. Is there anything you'd rather not see?",
    ),
)
UNSURE = Exchange(  # after a question of the assistant
    (
        "I don't know",
        "not sure",
        "I can't decide",
        "no idea, you choose",
        "hard to say",
        "either is fine",
        "I don't mind",
        "you tell me",
        "anything really",
        "both",
        "hmm, don't know",
        "I'm not sure what I want",
    ),
    (
        "No problem. Which was the last film that you really liked?",
        "Then let's start with the mood: would you rather laugh or be gripped?",
        "All right. Is there an actor you enjoy seeing?",
        "Then tell me what you don't want, that helps too.",
        "Fine. Think of a film you'd watch again. Which one comes to mind?",
    ),
)

CHATS = (
    HOW_ARE_YOU,
    ABOUT_YOU,
    OPINION,
    OFF_TOPIC,
    OFF_TOPIC,
    NONSENSE,
    ABUSE,
    SMALL_TALK,
    SMALL_TALK,
)

NOTHING = (
    "I don't have that about {item}, I'm afraid.",
    "That isn't in my notes on {item}, sorry.",
    "I don't know that about {item}, sorry.",
    "My notes on {item} don't say, I'm afraid.",
)

WHO = Question(
    (
        "who is in it?",
        "who's in it[|?| again]",
        "who [stars in it|plays in it|acts in it|is the lead|are the actors|plays the main role]?",
        "what's the cast[| like]?",
        "which actors [are in it|play in it]?",
        "any [famous actors|big names|known faces] in it?",
        "who are the stars?",
        "do I know anyone in it?",
        "tell me about the cast",
        "with whom?",
        "cast?",
        "who plays in that [one|film|movie]?",
    ),
    (
        (
            "{actor}, {actor2} and {actor3} are in {item}.",
            "In {item} you'll see {actor}, {actor2} and {actor3}.",
            "The cast of {item} includes {actor}, {actor2} and {actor3}.",
            "{item} has {actor} and {actor2} in it, along with {actor3}.",
            "You'll find {actor}, {actor2} and {actor3} in {item}. Do you like any of them?",
            "{actor} and {actor2}, among others, play in {item}.",
            "That would be {actor}, {actor2} and {actor3} in {item}.",
            "{item} stars {actor}, with {actor2} and {actor3}.",
        ),
        ("{actor} and {actor2} are in {item}.", "In {item} you'll see {actor} and {actor2}."),
        ("{actor} is in {item}.", "The one name I have for {item} is {actor}."),
        (
            "I don't have the cast of {item} here, sorry.",
            "The cast of {item} isn't in my notes, I'm afraid.",
        ),
    ),
    fields=frozenset({"cast"}),
)
WHEN = Question(
    (
        "what year is it[| from]?",
        "when [did it come out|was it made|was it released|was that|is it from]?",
        "how old is it?",
        "is it [new|old|recent]?",
        "which year?",
        "what year was that?",
        "is that a new one?",
        "from when is it?",
        "is it an old film?",
        "year?",
    ),
    (
        (
            "{item} is from {year}.",
            "It came out in {year}: {item}.",
            "{item} was released in {year}. Is that all right?",
            "{item}? That one is from {year}.",
            "That was {year}, when {item} came out.",
        ),
        (
            "I don't know the year of {item}, sorry.",
            "The year of {item} isn't in my notes, I'm afraid.",
        ),
    ),
    fields=frozenset({"year"}),
)
DIRECTOR = Question(
    (
        "who [directed it|directed that|made it|is the director|made that one|directed this]?",
        "who's the director[| of that]?",
        "who is behind it?",
        "director?",
        "whose film is it?",
        "by whom is it?",
        "who was directing?",
        "is it by someone famous?",
    ),
    (
        (
            "{director} directed {item}.",
            "{item} was directed by {director}.",
            "It's {director} who made {item}.",
            "The director of {item} is {director}.",
            "{director} is behind {item}.",
        ),
        (
            "I don't know who directed {item}, sorry.",
            "The director of {item} isn't in my notes, I'm afraid.",
        ),
    ),
    fields=frozenset({"directors"}),
)
KIND = Question(
    (
        "what [kind of film|kind of movie|genre|sort of film|type of movie] is [it|that]?",
        "what genre?",
        "is it a comedy or a drama?",
        "what category is it?",
        "how would you classify it?",
        "is it serious or funny?",
        "which genre is that?",
        "genre?",
    ),
    (
        (
            "{item} is a mix of {genre1} and {genre2}.",
            "I'd file {item} under {genre1} and {genre2}.",
            "{item} counts as {genre1}, with some {genre2}.",
            "{item} sits between {genre1} and {genre2}.",
            "{item} goes by {genre1}, {genre2} and {genre3}.",
        ),
        (
            "{item} is filed under {genre1}.",
            "{item} counts as {genre1}.",
            "My notes on {item} just say {genre1}.",
        ),
        ("I have no genre for {item}, sorry.",),
    ),
    fields=frozenset({"genres"}),
)
ABOUT = Question(
    (
        "what's it about?",
        "what is [it|that|that one|the film|the movie] about?",
        "what [happens in it|is the story|is the plot]?",
        "tell me more[| about it| about that one| please]",
        "can you [tell me more|describe it|say more about it|sum it up]?",
        "what's the plot?",
        "I don't know that one, what is it?",
        "never heard of it, tell me more",
        "and what is that?",
        "go on",
        "sounds interesting, tell me more",
        "more details please",
        "describe it",
        "I'd like to know more about it",
        "story?",
        "yes, tell me more",
    ),
    (
        (
            "{item} is a {kind1} film by {director}. Viewers describe it with '{tag1}' and '{tag2}'.",
            "{item} is a {kind1} film with {actor} and {actor2}; its keywords are '{tag1}' and '{tag2}'.",
            "In short: {item} is a {kind1} film about '{tag1}' and '{tag2}', with {actor}.",
            "{item} is a mix of {genre1} and {genre2}, and '{tag1}' is one of its themes. {director} directed it.",
            "Its themes are '{tag1}' and '{tag2}'. {item} has {actor} and {actor2} in it and is by {director}.",
            "In a nutshell: {item} is a {kind1} film tagged '{tag1}', with {actor}.",
        ),
        (
            "{item} is a {kind1} film tagged '{tag1}', with {actor} in it.",
            "People tag {item} '{tag1}'. It's a {kind1} film directed by {director}.",
        ),
        (
            "I don't have the story of {item}, only the facts: {genre1} and {genre2}, by {director}, with {actor} and {actor2}.",
            "{item} is a mix of {genre1} and {genre2}. {director} directed it in {year}, with {actor}.",
            "What I know: {item} was directed by {director}, has {actor} and {actor2} in it, and counts as {genre1}.",
        ),
        ("I know little about {item}: it's filed under {genre1} and came out in {year}.",),
        ("I don't know much about {item}, I'm afraid.",),
    ),
)
SCARY = Question(
    (
        "is it [scary|very scary|too scary|creepy|frightening]?",
        "how scary is it?",
        "will it give me nightmares?",
        "are there jump scares?",
        "can I watch it alone at night?",
        "I scare easily, is it ok?",
    ),
    (
        (
            "Yes, {item} is filed under {genre}, so be prepared.",
            "It may well be: {item} counts as {genre}.",
            "{item} is a {kind} film, so leave a light on.",
            "I'd expect so. {item} is a {kind} film.",
        ),
        (
            "It could be a little: people tag {item} '{tag}'.",
            "{item} carries the tag '{tag}', so perhaps a bit.",
        ),
        (
            "{item} is filed under {genre1} and {genre2}, so I wouldn't expect many scares.",
            "I don't think so: {item} is filed under {genre1}, not with the scary ones.",
            "Probably not, {item} counts as {genre1}.",
        ),
        ("I can't tell for {item}, sorry.",),
    ),
    genres=("horror", "thriller"),
    keywords=(
        "scary",
        "supernatural",
        "ghosts",
        "demons",
        "monsters",
        "haunted house",
        "disturbing",
        "serial killer",
        "zombies",
    ),
)
KIDS = Question(
    (
        "is it [good|ok|okay|suitable|fine|right] for [kids|children|my kids|a seven-year-old|the little ones]?",
        "can I watch it with [my kids|children|my daughter|my son|my little brother]?",
        "can the kids watch it too?",
        "is it family friendly?",
        "is there anything in it that kids shouldn't see?",
        "what about the children?",
        "my daughter is eight, is that ok?",
    ),
    (
        (
            "I'd rather not: {item} is filed under {genre}.",
            "Probably not, {item} counts as {genre}. Better check its rating first.",
            "{item} is a {kind} film, so I'd keep it for the grown-ups.",
        ),
        ("I'd be careful: people tag {item} '{tag}'.",),
        (
            "I can't promise it. {item} is filed under {genre1} and {genre2}; better check the age rating.",
            "{item} is filed under {genre1}. I don't know its age rating, so please check that first.",
        ),
        ("I don't know that about {item}, better check its rating.",),
    ),
    genres=("horror", "thriller", "war", "crime"),
    keywords=("gory", "drugs", "erotic", "serial killer", "scary", "gratuitous violence"),
)
KIDS_YES = Question(
    KIDS.user,
    (
        (
            "Yes, {item} is filed under {genre}.",
            "It should be: {item} counts as {genre}. A look at the age rating never hurts.",
            "I think so, {item} is a {kind} film.",
            "{item} is filed under {genre}, so most likely yes.",
        ),
    ),
    genres=("family", "animation"),
)
FUNNY = Question(
    (
        "is it funny?",
        "is it a comedy?",
        "will it make me laugh?",
        "is there any humour in it?",
        "does it have jokes?",
        "how funny is it?",
        "is it silly?",
    ),
    (
        (
            "Yes, {item} is filed under {genre}.",
            "It should be: {item} counts as {genre}.",
            "I think so. {item} is filed under {genre}.",
        ),
        ("A little, I think: people tag {item} '{tag}'.",),
        (
            "Not really: {item} is a mix of {genre1} and {genre2}.",
            "I wouldn't count on it, {item} is filed under {genre1}.",
            "{item} is more on the side of {genre1}. Shall I look for something funnier?",
        ),
        ("I can't tell for {item}, sorry.",),
    ),
    genres=("comedy",),
    keywords=(
        "parody",
        "spoof",
        "absurd",
        "dark comedy",
        "quirky",
        "romantic comedy",
        "funny as hell",
    ),
)
SAD = Question(
    (
        "is it sad?",
        "will I cry?",
        "does it have a happy ending?",
        "do I need tissues?",
        "is it depressing?",
        "is it heavy?",
        "how sad is it?",
    ),
    (
        (
            "It may be: people tag {item} '{tag}'.",
            "Have tissues ready, {item} carries the tag '{tag}'.",
        ),
        (
            "I can't give away the ending, but {item} is a mix of {genre1} and {genre2}.",
            "I don't know how it ends. {item} is filed under {genre1}, so judge for yourself.",
            "{item} counts as {genre1}; more I can't say.",
        ),
        ("I can't tell for {item}, sorry.",),
    ),
    keywords=("sad", "cancer", "terminal illness", "sentimental", "holocaust", "suicide"),
)
VIOLENT = Question(
    (
        "is it [violent|bloody|brutal|gory|very violent]?",
        "is there [much|a lot of|any] [blood|violence|gore]?",
        "how bloody is it?",
        "do people get killed?",
        "is it hard to watch?",
        "I can't see blood, is it ok?",
    ),
    (
        (
            "I'd expect some of that: {item} is filed under {genre}.",
            "Likely, {item} counts as {genre}.",
            "{item} is a {kind} film, so be prepared.",
        ),
        ("Somewhat: people tag {item} '{tag}'.",),
        (
            "I don't think so, {item} is filed under {genre1} and {genre2}.",
            "Probably not much: {item} is filed under {genre1}.",
        ),
        ("I can't tell for {item}, sorry.",),
    ),
    genres=("horror", "war", "action", "crime", "thriller", "western"),
    keywords=("gory", "gratuitous violence", "serial killer", "murder", "hitman", "gunfight"),
)
ROMANTIC = Question(
    (
        "is it romantic?",
        "is there a love story[| in it]?",
        "is it good for date night?",
        "would my girlfriend like it?",
        "is there any romance?",
        "do they kiss?",
    ),
    (
        ("Yes, {item} is filed under {genre}.", "It is: {item} counts as {genre}."),
        ("A little: people tag {item} '{tag}'.",),
        (
            "Not really, {item} is a mix of {genre1} and {genre2}.",
            "I wouldn't say so: {item} is filed under {genre1}.",
        ),
        ("I can't tell for {item}, sorry.",),
    ),
    genres=("romance",),
    keywords=("love story", "romantic comedy", "wedding", "marriage", "love triangle"),
)
GOOD = Question(
    (
        "is it [good|any good|really good|worth it|worth watching]?",
        "do you like it?",
        "have you seen it?",
        "why that one?",
        "why do you recommend it?",
        "what's so good about it?",
        "what makes you think I'd like it?",
        "why?",
        "is it better than the others?",
        "did people like it?",
        "how come?",
        "why should I watch it?",
    ),
    (
        (
            "I can't judge it, I only know the facts: {item} is a {kind1} film by {director}, with {actor} and {actor2}.",
            "I haven't seen it, I'm a program. But {item} has {actor} and {actor2} in it, and it's a {kind1} film, which seemed to fit.",
            "Because {item} is a mix of {genre1} and {genre2}, and that seemed close to what you said.",
            "I can't watch films. What speaks for {item}: {director} made it, {actor} is in it, and it's filed under {genre1}.",
            "It looked like a fit: {item} is a {kind1} film tagged '{tag1}'.",
            "Opinions differ on every film. {item} is a {kind1} film directed by {director}.",
        ),
        ("{item} is filed under {genre1}, which seemed to fit. I can't judge more than that.",),
        ("It seemed to fit, but I know little about {item}.",),
    ),
)
UNKNOWN = Question(
    (
        "where can I [watch|stream|see|rent|buy] it?",
        "is it on [Netflix|Disney Plus|Prime|streaming|TV]?",
        "how long is it?",
        "what's the running time?",
        "is there a sequel?",
        "did it win any [Oscars|awards|prizes]?",
        "how much did it [cost|make]?",
        "what language is it in?",
        "is it in colour?",
        "what's the age rating?",
        "what do the critics say?",
        "how many stars does it have?",
        "where was it filmed?",
        "is the soundtrack good?",
        "does the dog die?",
        "is there a trailer?",
    ),
    (
        (
            "I don't have that about {item}, I'm afraid. I can tell you that {actor} is in it and {director} directed it.",
            "That isn't in my notes. What I know of {item}: {genre1}, {year}, by {director}.",
            "I don't know, sorry. I do know that {item} is a {kind1} film with {actor} and {actor2}.",
            "My notes on {item} don't say. It's a {kind1} film from {year}, if that helps.",
            "No idea, I'm afraid. The link beside {item} may know more.",
            *NOTHING,
        ),
        NOTHING,
    ),
)


def fitting(question: Question, genres: Sequence[str]) -> Question:
    """`question`, or what answers it for a film made for children."""
    suits = any(genre in KIDS_YES.genres for genre in genres)
    if question is KIDS and suits and not any(genre in KIDS.genres for genre in genres):
        return KIDS_YES
    return question


QUESTIONS = (
    *(WHO,) * 6,
    *(WHEN,) * 4,
    *(DIRECTOR,) * 8,
    *(KIND,) * 6,
    *(ABOUT,) * 4,
    SCARY,
    KIDS,
    FUNNY,
    SAD,
    VIOLENT,
    ROMANTIC,
    GOOD,
    UNKNOWN,
)

ABOUT_FILM = (  # the user names the film
    "tell me [more |something |]about {film}",
    "what is {film} about?",
    "what do you know about {film}?",
    "what about {film}?",
    "what kind of film is {film}?",
    "is {film} [any |]good?",
    "do you know {film}?",
    "have you heard of {film}?",
    "I'd like to know more about {film}",
    "what can you say about {film}?",
    "{film}, what is that?",
    "someone mentioned {film}, what is it?",
    "is {film} worth watching?",
    "give me some facts about {film}",
    "my friend recommended {film}, what is it like?",
    "info on {film} please",
)
WHO_FILM = (
    "who is in {film}?",
    "who plays in {film}?",
    "who stars in {film}?",
    "cast of {film}?",
    "who acts in {film}?",
    "which actors are in {film}?",
)
DIRECTOR_FILM = (
    "who directed {film}?",
    "who made {film}?",
    "who is the director of {film}?",
    "{film}, who directed that?",
    "whose film is {film}?",
)
WHEN_FILM = (
    "when did {film} come out?",
    "what year is {film}?",
    "how old is {film}?",
    "when was {film} made?",
    "from what year is {film}?",
)
KIND_FILM = (
    "what genre is {film}?",
    "is {film} a comedy?",
    "what sort of film is {film}?",
    "how would you classify {film}?",
)
FILM_QUESTIONS = (
    (ABOUT, ABOUT_FILM),
    (ABOUT, ABOUT_FILM),
    (WHO, WHO_FILM),
    (DIRECTOR, DIRECTOR_FILM),
    (WHEN, WHEN_FILM),
    (KIND, KIND_FILM),
)  # the question that each asks
