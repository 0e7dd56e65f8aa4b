"""Corrections by hand to the list of films: wrong or missing facts of films that are often named,
and rows by which people mean another film."""

from __future__ import annotations

from collections.abc import Mapping

Name = tuple[str, int | None]  # title and year as listed

CORRECTIONS: dict[Name, Mapping[str, object]] = {
    # The facts listed are those of another film of the same name or IMDb id.
    ("It", 1990): {
        "genres": ("drama", "fantasy", "horror"),
        "directors": ("Tommy Lee Wallace",),
        "cast": ("Richard Thomas", "Tim Curry", "John Ritter", "Harry Anderson"),
        "imdb_id": "tt0099864",
        "plot": "",
    },
    ("A Nightmare on Elm Street", 1984): {
        "genres": ("horror",),
        "directors": ("Wes Craven",),
        "cast": ("Heather Langenkamp", "Johnny Depp", "Robert Englund", "John Saxon"),
        "imdb_id": "tt0087800",
    },
    ("300", 2007): {
        "genres": ("action", "drama", "history"),
        "directors": ("Zack Snyder",),
        "cast": ("Gerard Butler", "Lena Headey", "Dominic West", "David Wenham"),
        "imdb_id": "tt0416449",
        "plot": "",
    },
    ("Split", 2016): {
        "genres": ("horror", "thriller"),
        "directors": ("M. Night Shyamalan",),
        "cast": ("James McAvoy", "Anya Taylor-Joy", "Betty Buckley"),
        "imdb_id": "tt4972582",
    },
    ("Ex Machina", 2015): {
        "year": 2014,
        "genres": ("drama", "science fiction", "thriller"),
        "directors": ("Alex Garland",),
        "cast": ("Alicia Vikander", "Domhnall Gleeson", "Oscar Isaac"),
        "imdb_id": "tt0470752",
        "plot": "",
    },
    ("Sharknado", None): {
        "year": 2013,
        "genres": ("action", "horror", "science fiction"),
        "directors": ("Anthony C. Ferrante",),
        "cast": ("Ian Ziering", "Tara Reid"),
        "imdb_id": "tt2724064",
        "plot": "",
    },
    # Facts that are missing.
    ("1917", 2019): {"genres": ("drama", "war"), "directors": ("Sam Mendes",)},
    ("13 Hours", 2016): {
        "genres": ("action", "drama", "war"),
        "directors": ("Michael Bay",),
        "cast": ("John Krasinski", "Pablo Schreiber", "James Badge Dale"),
    },
    ("Avengers: Endgame", 2019): {
        "genres": ("action", "adventure", "science fiction", "superhero"),
        "directors": ("Anthony Russo", "Joe Russo"),
    },
    ("Bad Boys for Life", 2020): {
        "genres": ("action", "comedy", "crime"),
        "directors": ("Adil El Arbi", "Bilall Fallah"),
    },
    ("Barbie", 2023): {"genres": ("adventure", "comedy", "fantasy")},
    ("Bird Box", 2018): {
        "genres": ("drama", "horror", "mystery"),
        "directors": ("Susanne Bier",),
        "cast": ("Sandra Bullock", "Trevante Rhodes", "John Malkovich"),
    },
    ("Birds of Prey", 2020): {"genres": ("action", "comedy", "crime", "superhero")},
    ("Black Widow", 2020): {"year": 2021, "genres": ("action", "adventure", "superhero")},
    ("Captain Marvel", 2019): {
        "genres": ("action", "adventure", "science fiction", "superhero"),
    },
    ("Glass", 2019): {"genres": ("drama", "thriller", "superhero")},
    ("Joker", 2019): {"genres": ("crime", "drama", "thriller")},
    ("Knives Out", 2019): {
        "genres": ("comedy", "crime", "mystery"),
        "directors": ("Rian Johnson",),
    },
    ("My Neighbor Totoro", None): {"year": 1988},
    ("Oppenheimer", 2023): {"genres": ("biography", "drama", "history")},
    ("Paddington 2", None): {"year": 2017},
    ("Parasite", 2019): {
        "genres": ("comedy", "drama", "thriller"),
        "directors": ("Bong Joon-ho",),
        "cast": ("Song Kang-ho", "Lee Sun-kyun", "Cho Yeo-jeong", "Choi Woo-shik"),
    },
    ("Spirited Away", None): {"year": 2001},
    ("The Fox and the Hound", None): {"year": 1981},
    ("The Good Liar", 2019): {"directors": ("Bill Condon",)},
    ("The Irishman", 2019): {
        "genres": ("biography", "crime", "drama"),
        "directors": ("Martin Scorsese",),
    },
    ("The Predator", 2018): {"directors": ("Shane Black",)},
    ("Toy Story 4", 2019): {"cast": ("Tom Hanks", "Tim Allen", "Annie Potts")},
    ("Truth or Dare", 2018): {"directors": ("Jeff Wadlow",)},
    ("Uncut Gems", 2019): {"directors": ("Josh Safdie", "Benny Safdie")},
    ("Wonder Woman", 2017): {"genres": ("action", "adventure", "fantasy", "superhero")},
}

# Other names of a film, names of series (the first film is meant), and little known namesakes that
# people picked from a list instead of the film that they were speaking of.
ALIASES: dict[Name, Name] = {
    ("Annabelle 2", 2017): ("Annabelle: Creation", 2017),
    ("Armageddon", 1997): ("Armageddon", 1998),
    ("Avatar", 2004): ("Avatar", 2009),
    ("Avenger", 2006): ("The Avengers", 2012),
    ("Bad Boys", 2003): ("Bad Boys", 1995),
    ("Batman", None): ("Batman", 1989),
    ("Beauty and the Beast", 1992): ("Beauty and the Beast", 1991),
    ("Black Hawk Down", 2001): ("Black Hawk Down", 2002),
    ("Contact", 2009): ("Contact", 1997),
    ("Dr. Strange", None): ("Doctor Strange", 2016),
    ("Fast 8", None): ("The Fate of the Furious", 2017),
    ("Flight", 2009): ("Flight", 2012),
    ("Fury", 2012): ("Fury", 2014),
    ("Ghost", 1998): ("Ghost", 1990),
    ("Godfather", 1991): ("The Godfather", 1972),
    ("Hangover", 2010): ("The Hangover", 2009),
    ("Hangover", 2014): ("The Hangover", 2009),
    ("Hannibal", 1959): ("Hannibal", 2001),
    ("Hostel", 2011): ("Hostel", 2005),
    ("Independence Day", 2000): ("Independence Day", 1996),
    ("Indiana Jones", None): ("Raiders of the Lost Ark", 1981),
    ("Insidious", 2011): ("Insidious", 2010),
    ("Insurgent", 2015): ("The Divergent Series: Insurgent", 2015),
    ("Mad Max", 1980): ("Mad Max", 1979),
    ("Paranormal Activity", 2009): ("Paranormal Activity", 2007),
    ("Rambo", 2012): ("Rambo", 2008),
    ("Signs", 2008): ("Signs", 2002),
    ("Split", 2017): ("Split", 2016),
    ("Taken", 2009): ("Taken", 2008),
    ("The Hobbit", 1985): ("The Hobbit: An Unexpected Journey", 2012),
    ("The Lord of the Rings", None): ("The Lord of the Rings: The Fellowship of the Ring", 2001),
    ("The Notebook", 2013): ("The Notebook", 2004),
    ("The Terminators", None): ("The Terminator", 1984),
    ("Titanic", 2012): ("Titanic", 1997),
    ("Toy Story 4", 2018): ("Toy Story 4", 2019),
    ("Wild", 2016): ("Wild", 2014),
    ("XXX", 2016): ("XXX", 2002),
}
