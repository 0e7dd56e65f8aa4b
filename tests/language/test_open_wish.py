"""Who asks to be recommended something, one thing or several, is told from who says more."""

import pytest

from crsdemo.language.open_wish import (
    asks_for_another,
    asks_for_one,
    asks_for_several,
    likes,
    says_no,
    says_no_more,
)

SEVERAL = """
show me more
show me more
Show me some more, please
a few options
three films
give me 3 westerns, three films in all
Could you recommend a couple of good movies?
some ideas for tonight?
What else do you have?
anything else like it?
any other suggestions?
I'd like several recommendations
list a few
more like this
more please
Give me two or three titles to choose from
I loved Heat. Show me a few more films like it
what are my options?
can you suggest some slow Japanese films
I want different ideas
5 movies for a long weekend
give me a few to choose from
gimme 3 more
gimme a few more please
gimme some more
any others?
What films would you recommend?
""".strip().splitlines()
ONE = """
a western
something like Heat
I have seen three films by Nolan
we watched some films last night, now a comedy
I like a few movies of the nineties, give me one
one film for tonight
a film with two brothers
a story of four friends
more action
more romance, less talk
show me something funny
What is it about?
Three Colours: Blue is lovely
a film about three sisters
no more horror
tell me more about it
why that one?
my kids loved some of these movies
something else
give me another one
tell me more
anything else I should know about it?
any others like him would cry
gimme one more
""".strip().splitlines()


@pytest.mark.parametrize("said", SEVERAL)
def test_several_are_asked_for(said: str) -> None:
    assert asks_for_several(said) and asks_for_several(said.upper())


@pytest.mark.parametrize("said", ONE)
def test_one_is_asked_for(said: str) -> None:
    assert not asks_for_several(said)


RECOMMEND = """
what should I watch?
what should i watch tonight
recommend me something
Can you recommend me a movie?
hi, could you suggest something good
any ideas?
got any suggestions?
help, i dont know what to watch
can you help me find a movie
surprise me
pick one for us
what would you recommend?
What do you suggest
dunno what to put on
what's a good movie
know any good films?
any good ones?
whatever
idk
anything really
you choose
up to you tbh
no preference
""".strip().splitlines()
MORE = """
what's a good horror movie
can you recommend something like Inception?
do you know any good westerns?
recommend me a film with robots
any ideas for a rainy sunday?
something with robots
smth with songs
ok, something like the last of us, the game
hm something a bit sad about divorce
any books by agatha christie
do you have any old movies with james stewart?
got any comedies like Airplane!?
any good westerns from the 50s?
Anything with Frances McDormand?
anything with a good twist?
anything with more robots in it?
ok, anything by Bresson
""".strip().splitlines()
NO_WISH = """
I would recommend it to everybody
my friend recommended Heat
ask me something
could you recommend me a question to ask
what did you watch?
what is it about?
I know what I want to watch
thanks for the suggestion
why did you pick that one?
hello
what's your favourite film of all time
what is the best part of it
what is a good part of it?
is it any good?
something is wrong with the page
do you have something with robots?
whatever happened to her
i don't know who that is
not sure about that one
you choose badly
have you seen any films with her
any problem with that?
any luck with it
anything with the same actor?
do you have any experience with kids
""".strip().splitlines()


@pytest.mark.parametrize("said", RECOMMEND)
def test_to_be_recommended_something_is_asked_for(said: str) -> None:
    assert asks_for_one(said) and asks_for_one(said.upper())
    assert says_no_more(said)


@pytest.mark.parametrize("said", MORE)
def test_something_is_asked_for_and_told_what(said: str) -> None:
    assert asks_for_one(said) and not says_no_more(said)


@pytest.mark.parametrize("said", NO_WISH)
def test_nothing_is_asked_for(said: str) -> None:
    assert not asks_for_one(said)


ANOTHER = """
seen it
I've seen that one already
I\u2019ve seen this film
saw that
we watched that one twice already
We have watched that one twice already, I'm afraid.
know that one by heart
seen it. something newer
ive seen that. and shaun of the dead too
not that one
Not that one, please.
nope, something else
something else please
and another
another one
next
i'll pass
give me another one
something completely different
hm no, try again
we both know it
seen it a million times
seen that loads of times
I've seen it so many times
seen it 10 times
watched it yesterday
saw that recently
already seen
already watched!
ive already seen
seen them all
that one too lol, im a nerd
that's too sad
too long for me
hm, still a bit too violent tbh
this too
seen all of those
I've seen all of them
seen both
we've seen both
seen already
seen  already
i've already seen \u0020
gimme another
another pls
another one pls
another, please
another plz!
gimme something else plz
any others
any others?
any more?
""".strip().splitlines()
NO_OTHER = """
have you seen it?
ive seen it but forgot it
I haven't seen it
never seen it
no
nope
ok
thanks
i know a better one
I saw that it has Tom Hanks
something else about it?
i have seen the first one, is this the sequel?
what else do you know
seen it years ago, dont remember much
another question
thanks, another time
not that I know of
seen it all before me, this world
have you already seen
already seen by many
who has seen both?
another please me film
seen it a few times but forgot the end
any others with tom hanks
any more questions?
i haven't seen both
are there any others who like it
another day
""".strip().splitlines()


@pytest.mark.parametrize("said", ANOTHER)
def test_another_is_asked_for(said: str) -> None:
    assert asks_for_another(said) and asks_for_another(said.upper())


@pytest.mark.parametrize("said", NO_OTHER)
def test_no_other_is_asked_for(said: str) -> None:
    assert not asks_for_another(said)


@pytest.mark.parametrize(
    "said", ["no", "Nope.", "nah", "no no no", "nope again", "meh", "not really"]
)
def test_no_may_be_all_that_is_said(said: str) -> None:
    assert says_no(said) and not says_no(f"{said}, a western") and not says_no("no horror")


def test_likes_are_told_from_questions_and_dislikes() -> None:
    for said in ("they loved  and ", "I like", "my favourite is ", "big fan of "):
        assert likes(said)
    for said in ("did you like ?", "I didn't like ", "liked it but it was slow", "a western"):
        assert not likes(said)
    for said in (
        "nothing like ",
        "no more like ",
        "anything but that, i liked ",
        "hated it, liked ",
    ):
        assert not likes(said)
