"""Nodes of the ID trie are named by what their items truly share, or else by examples."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.errors import CatalogError
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.items.trie_labels import MAX_LABEL, TrieLabels


def film(number: int, year: int | None, **facts: str) -> Item:
    return Item(
        f"f{number:02}",
        f"Film {number}",
        year,
        {field: tuple(values.split("|")) for field, values in facts.items()},
        popularity=number,
    )


# Six crime films of the 1970s by one director (node 0), twelve dramas of all times (node 1).
CRIME = [film(n, 1970 + n, genres="crime|drama", directors="Ada Stone") for n in range(6)]
DRAMA = [film(n, 1900 + 10 * n, genres="drama", cast=f"Actor {n}") for n in range(6, 18)]
OTHERS = [film(n, 1900 + 10 * (n % 12), genres="western") for n in range(50, 80)]


def labels_of(*nodes: list[Item]) -> TrieLabels:
    """First-step nodes 0, 1, ... with these items."""
    catalog = Catalog(tuple(item for items in nodes for item in items))
    codes = [(node, n) for node, items in enumerate(nodes) for n in range(len(items))]
    size = max(len(nodes), *map(len, nodes))
    return TrieLabels(catalog, SemanticIDs.assign(catalog, codes, size))


def label(*items: Item, beside: list[Item] = OTHERS) -> str:
    """Of a node with `items` whose only sibling holds `beside`."""
    return labels_of(list(items), beside).branch((0,)).label


@pytest.fixture
def labels() -> TrieLabels:
    return labels_of(CRIME, DRAMA)


def test_a_node_is_named_by_what_all_share_inside_and_few_outside(labels: TrieLabels) -> None:
    assert labels.branch([0]).label == "crime, 1970s, Ada Stone"  # not drama, which all are


def test_a_node_knows_its_size_and_its_best_known_items(labels: TrieLabels) -> None:
    assert labels.branch((0,)).n_items == 6 and labels.branch(()).n_items == 18
    assert labels.branch((0,)).examples == ("Film 5", "Film 4", "Film 3")
    assert labels.branch((0, 2)).examples == ("Film 2",)


def test_what_is_as_true_of_the_siblings_says_nothing_so_examples_speak(labels: TrieLabels) -> None:
    assert labels.branch((1,)).label == "items such as Film 17 and Film 16"
    assert labels.branch(()).label == "items such as Film 17 and Film 16"  # it has no siblings


def test_a_leaf_is_named_by_the_facts_of_its_item(labels: TrieLabels) -> None:
    assert "Actor 9" in labels.branch((1, 3)).label


def test_a_fact_is_named_if_it_is_true_of_nearly_all_and_not_if_only_of_most() -> None:
    horror = [film(n, None, genres="horror") for n in range(19)]
    assert label(*horror, film(19, None)) == "horror"  # 95%
    assert label(*horror, film(19, None), film(20, None)).startswith("items such as")


def test_several_facts_are_named_only_if_nearly_all_have_them_all() -> None:
    both = [film(n, None, genres="horror|fantasy") for n in range(38)]
    horror = [film(n, None, genres="horror") for n in (40, 41)]
    fantasy = [film(n, None, genres="fantasy") for n in (42, 43)]
    assert label(*both, horror[0], fantasy[0]) == "fantasy, horror"  # 38 of 40
    assert label(*both[2:], *horror, *fantasy) in ("horror", "fantasy")  # 36 have both


def test_films_of_two_genres_are_of_one_or_the_other() -> None:
    crime = [film(n, None, genres="crime") for n in range(6)]
    thrillers = [film(n, None, genres="thriller") for n in range(6, 12)]
    assert label(*crime, *thrillers) == "crime or thriller"
    scary = [film(n, None, genres=f"horror|{'war' if n % 2 else 'crime'}") for n in range(12)]
    assert label(*scary) == "crime or war, horror"  # not to be read as one of three
    odd = [film(12, None, genres="sport")]
    assert label(*crime, *thrillers, *odd).startswith("items such as")
    assert " or " not in label(crime[0], thrillers[0])  # true of any two films


@pytest.mark.parametrize(
    ("years", "named"),
    [
        ((1994, 1994, 1994), "1994"),
        ((1991, 1994, 1999), "1990s"),
        ((1985, 1988, 1994), "1985 to 1994"),
        ((1930, 1994, 2004), "items such as Film 2 and Film 1"),
        ((1994, 1994, None), "items such as Film 2 and Film 1"),
    ],
)
def test_years_are_a_year_a_decade_or_a_range_that_is_not_too_long(
    years: tuple[None | int, ...] | tuple[int, ...], named: str
) -> None:
    assert label(*(film(n, year) for n, year in enumerate(years))) == named


def test_a_stray_year_does_not_widen_the_range() -> None:
    close = [film(n, 1985 + n % 8) for n in range(39)]
    assert label(*close, film(39, 1950)) == "1985 to 1992"


def test_tags_are_facts_and_a_tag_that_reads_as_a_decade_is_not() -> None:
    spooky = [Item(f"g{n}", f"Ghost {n}", tags=("haunted house", "1980s")) for n in range(4)]
    assert label(*spooky) == "haunted house"


def test_facts_that_are_true_of_a_sibling_too_are_told_with_examples() -> None:
    comedies = [film(n, None, genres="comedy") for n in range(5)]
    others = [film(n, None, genres="comedy") for n in range(5, 9)]
    labels = labels_of(comedies, others, OTHERS)
    assert labels.branch((0,)).label == "comedy, such as Film 4 and Film 3"
    assert labels.branch((1,)).label == "comedy, such as Film 8 and Film 7"
    assert label(*comedies, beside=[*others, *OTHERS]) == "comedy"  # its sibling is mixed


def test_what_the_whole_family_shares_is_left_to_the_label_of_the_parent() -> None:
    family = [film(n, 1950 + 10 * (n // 4), genres="comedy") for n in range(16)]
    catalog = Catalog((*family, *OTHERS))
    codes = [(0, n // 4, n) for n in range(16)] + [(1, 0, n) for n in range(len(OTHERS))]
    labels = TrieLabels(catalog, SemanticIDs.assign(catalog, codes, len(OTHERS)))
    path = [labels.branch(node).label for node in ((0,), (0, 1))]
    assert path == ["comedy", "1960"]
    only_child = labels.branch((1, 0)).label
    assert only_child == labels.branch((1,)).label == "western"


def test_a_label_is_short() -> None:
    long = [Item(f"l{n}", f"{n} {'very ' * 5}long", popularity=9 - n) for n in range(3)]
    short = [Item("s0", "Ark"), Item("s1", "Bay")]
    assert label(*long, *short) == "items such as Ark and Bay"
    half = MAX_LABEL // 2
    wordy = [film(n, None, genres="x" * half, keywords="y" * half) for n in range(3)]
    assert label(*wordy) == "x" * half


def test_examples_are_well_known_even_if_they_are_long() -> None:
    known = [Item(f"l{n}", f"{n} {'very ' * 8}long", popularity=99 - n) for n in range(9)]
    assert label(*known, Item("s", "Ark")) == f"items such as {known[0].title}"


def test_a_label_states_three_facts_at_most() -> None:
    assert label(film(1, 1999, genres="a|b", keywords="c|d", moods="e")).count(",") == 2


def test_a_label_names_one_person_at_most() -> None:
    item = Item("a", "A", 1999, {"directors": ("Jo May",), "cast": ("Jo May", "Al Ko", "Bo Li")})
    assert label(item) == "1999, Jo May"


def test_a_remake_is_one_example() -> None:
    remade = [Item("a", "Ark", 1900), Item("b", "Ark", 1990), Item("c", "Bay", 1990)]
    node = labels_of(remade, OTHERS).branch((0,))
    assert node.examples == ("Ark", "Bay")
    assert node.label == "items such as Ark and Bay"


def test_a_fact_within_another_is_named_once_and_texts_and_lists_never() -> None:
    comedies = [
        film(
            n, 1999, genres="comedy", keywords="dark comedy|black, white|one or two", notes="x" * 41
        )
        for n in range(3)
    ]
    assert label(*comedies) in ("comedy, 1999", "dark comedy, 1999")


def test_a_node_that_is_not_there_is_refused(labels: TrieLabels) -> None:
    with pytest.raises(CatalogError, match=r"starts with \(7,\)"):
        labels.branch((7,))


def test_threads_see_the_same_labels(labels: TrieLabels) -> None:
    with ThreadPoolExecutor(8) as pool:
        nodes = list(pool.map(labels.branch, [(0,), (1,)] * 50))
    assert set(nodes) == {labels.branch((0,)), labels.branch((1,))}
