"""A small catalog of well-known films and a dozen dialogues about them, in the files of ReDial and
INSPIRED: enough to train tiny models from end to end."""

from __future__ import annotations

import json
from pathlib import Path

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.domain import domain_file, read_domain

# title | year | genres | directors | cast | keywords
ROWS = """
The Matrix | 1999 | action, science fiction | Lana Wachowski, Lilly Wachowski | Keanu Reeves, Laurence Fishburne | virtual reality, hackers
Inception | 2010 | action, science fiction, thriller | Christopher Nolan | Leonardo DiCaprio, Joseph Gordon-Levitt | dreams, heist
Interstellar | 2014 | drama, science fiction | Christopher Nolan | Matthew McConaughey, Anne Hathaway | space travel, time
The Dark Knight | 2008 | action, crime, thriller | Christopher Nolan | Christian Bale, Heath Ledger | superhero
Heat | 1995 | crime, drama, thriller | Michael Mann | Al Pacino, Robert De Niro | heist, police
Goodfellas | 1990 | crime, drama | Martin Scorsese | Robert De Niro, Ray Liotta | mafia
Taxi Driver | 1976 | crime, drama | Martin Scorsese | Robert De Niro, Jodie Foster | loneliness
The Departed | 2006 | crime, thriller | Martin Scorsese | Leonardo DiCaprio, Matt Damon | undercover, police
The Shining | 1980 | horror | Stanley Kubrick | Jack Nicholson, Shelley Duvall | hotel, ghosts
Alien | 1979 | horror, science fiction | Ridley Scott | Sigourney Weaver, Tom Skerritt | space travel, monsters
Blade Runner | 1982 | science fiction, thriller | Ridley Scott | Harrison Ford, Rutger Hauer | androids
Gladiator | 2000 | action, drama | Ridley Scott | Russell Crowe, Joaquin Phoenix | ancient rome
Groundhog Day | 1993 | comedy, romance | Harold Ramis | Bill Murray, Andie MacDowell | time
Ghostbusters | 1984 | comedy, fantasy | Ivan Reitman | Bill Murray, Sigourney Weaver | ghosts
Lost in Translation | 2003 | drama, romance | Sofia Coppola | Bill Murray, Scarlett Johansson | loneliness, hotel
Toy Story | 1995 | animation, comedy, family | John Lasseter | Tom Hanks, Tim Allen | toys, friendship
Finding Nemo | 2003 | adventure, animation, family | Andrew Stanton | Albert Brooks, Ellen DeGeneres | sea
Up | 2009 | adventure, animation, family | Pete Docter | Ed Asner, Christopher Plummer | balloons, friendship
Titanic | 1997 | drama, romance | James Cameron | Leonardo DiCaprio, Kate Winslet | sea, ship
The Terminator | 1984 | action, science fiction | James Cameron | Arnold Schwarzenegger, Linda Hamilton | androids, time
Unforgiven | 1992 | drama, western | Clint Eastwood | Clint Eastwood, Gene Hackman | revenge
The Good, the Bad and the Ugly | 1966 | western | Sergio Leone | Clint Eastwood, Eli Wallach | gold
Saving Private Ryan | 1998 | drama, war | Steven Spielberg | Tom Hanks, Matt Damon | soldiers
Jaws | 1975 | adventure, thriller | Steven Spielberg | Roy Scheider, Richard Dreyfuss | sea, monsters
Jurassic Park | 1993 | adventure, science fiction | Steven Spielberg | Sam Neill, Laura Dern | dinosaurs, monsters
Forrest Gump | 1994 | drama, romance | Robert Zemeckis | Tom Hanks, Robin Wright | soldiers, friendship
Back to the Future | 1985 | adventure, comedy, science fiction | Robert Zemeckis | Michael J. Fox, Lea Thompson | time
When Harry Met Sally | 1989 | comedy, romance | Rob Reiner | Billy Crystal, Meg Ryan | friendship
The Princess Bride | 1987 | adventure, comedy, fantasy | Rob Reiner | Cary Elwes, Robin Wright | revenge
Get Out | 2017 | horror, thriller | Jordan Peele | Daniel Kaluuya, Allison Williams | hypnosis
Scream | 1996 | horror | Wes Craven | Neve Campbell, Courteney Cox | high school
La La Land | 2016 | musical, romance | Damien Chazelle | Ryan Gosling, Emma Stone | jazz
"""  # noqa: E501

# Films by title in braces; the user begins and the turns alternate
REDIAL = (
    (
        "Hi! I am after something with a clever plot, I liked {Inception}",
        "Then have a look at {The Matrix}, it bends your mind too.",
        "Saw it twice. Anything set in space?",
        "How about {Interstellar}? Or {Alien}, if you can stand it.",
    ),
    (
        "Good evening, I want a crime film like {Goodfellas}",
        "{Heat} is the one to see.",
        "Yes, great! More with De Niro please",
        "You should watch {Taxi Driver} then.",
        "Thanks, I will",
        "You are welcome, enjoy it!",
    ),
    (
        "we need a film for our kids, they love {Toy Story}",
        "Did they see {Finding Nemo}?",
        "They did, and {Up}",
        "Then it is time for {Back to the Future}.",
    ),
    (
        "Something to be scared of tonight",
        "Do you like old ones or new ones?",
        "New ones, I know {The Shining} by heart",
        "{Get Out} is what you want.",
    ),
    (
        "Hello, I like love stories such as {Titanic}",
        "I would go for {When Harry Met Sally}.",
        "that sounds lovely, bye",
        "Bye, have fun!",
    ),
    (
        "any westerns?",
        "Sure, {Unforgiven} and {The Good, the Bad and the Ugly}.",
        "I liked both. Something with war?",
        "{Saving Private Ryan} is hard to beat.",
    ),
)
INSPIRED = (
    (
        "Hi there, what do you like to watch?",
        "I love funny films like {Groundhog Day}",
        "Have you seen {Ghostbusters}?",
        "no, but I will",
    ),
    (
        "Hello! Any favourites?",
        "{Jaws} and {Jurassic Park}",
        "You may like {Alien}, it is just as tense.",
        "Great, thanks",
    ),
    (
        "Good morning, how can I help?",
        "I look for a sad film, I liked {Lost in Translation}",
        "{Forrest Gump} made me cry.",
        "I have seen that. Another?",
        "Try {La La Land} then.",
        "ok thank you",
    ),
    (
        "What are you in the mood for?",
        "Batman! I saw {The Dark Knight} five times",
        "{Gladiator} has that kind of hero.",
        "Perfect",
    ),
    (
        "Hi, tell me what you saw last",
        "{Blade Runner}, in a cinema",
        "Oh nice. Then {The Terminator} must be next.",
        "Good idea",
    ),
    (
        "Hey! Do you like twists?",
        "Yes, {The Departed} had plenty",
        "Then {Inception} will please you.",
        "And with a good laugh?",
        "{The Princess Bride} for that.",
        "Thanks a lot",
    ),
)


def _film(number: int, row: str) -> Item:
    title, year, *facts = row.split(" | ")
    fields = ("genres", "directors", "cast", "keywords")
    values = {f: tuple(v.split(", ")) for f, v in zip(fields, facts, strict=True)}
    return Item(f"f{number:02}", title, int(year), values, popularity=60 - number)


FILM = read_domain(domain_file("film"))
CATALOG = Catalog(
    tuple(_film(n, row) for n, row in enumerate(ROWS.strip().splitlines())), domain=FILM
)
BY_TITLE = {item.title: item for item in CATALOG}


def write_redial(path: Path) -> Path:
    """The dialogues of REDIAL as ReDial's `.jsonl`; the seeker has the number 0."""
    numbers = {title: str(100 + row) for row, title in enumerate(BY_TITLE)}
    lines = []
    for number, texts in enumerate(REDIAL):
        named = {t: n for t, n in numbers.items() if any("{" + t + "}" in x for x in texts)}
        messages = []
        for position, text in enumerate(texts):
            for title, film in named.items():
                text = text.replace("{" + title + "}", "@" + film)
            messages.append({"senderWorkerId": position % 2, "text": text})
        row = {
            "conversationId": str(number),
            "initiatorWorkerId": 0,
            "respondentWorkerId": 1,
            "movieMentions": {n: BY_TITLE[t].name for t, n in named.items()},
            "messages": messages,
        }
        lines.append(json.dumps(row))
    path.write_text("\n".join(lines) + "\n")
    return path


def write_inspired(path: Path) -> Path:
    """The dialogues of INSPIRED as its `.tsv`; the recommender begins."""
    lines = ["dialog_id\tspeaker\ttext\tmovies"]
    for number, texts in enumerate(INSPIRED):
        for position, text in enumerate(texts):
            films = [i.name for t, i in BY_TITLE.items() if "{" + t + "}" in text]
            speaker = "SEEKER" if position % 2 else "RECOMMENDER"
            plain = text.replace("{", "").replace("}", "")
            lines.append(f"talk{number}\t{speaker}\t{plain}\t{';'.join(films)}")
    path.write_text("\n".join(lines) + "\n")
    return path
