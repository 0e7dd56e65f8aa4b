"""The beam ranks as the model does, and what is excluded cannot follow."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import SLOTS, byte_level_tokenizer, causal_lm, generated, semantic_ids
from transformers import PreTrainedModel

from crsdemo.core.errors import CatalogError
from crsdemo.model.beam import ItemDecoder
from crsdemo.model.decoding import Context, left_pad
from crsdemo.model.grammar import Grammar
from crsdemo.model.tokens import add_control_tokens

TOKENIZER = byte_level_tokenizer()
CONTROL = add_control_tokens(TOKENIZER, 3, 8, SLOTS)
ITEMS = semantic_ids(60)
PROMPT = [40, 41, 42, 43, CONTROL.rec, CONTROL.boi]
KINDS = ("qwen3", "llama", "gpt2")


@pytest.fixture(scope="module")
def grammar(tmp_path_factory: pytest.TempPathFactory) -> Grammar:
    return Grammar(TOKENIZER, CONTROL, ITEMS, tmp_path_factory.mktemp("grammars"))


@pytest.fixture(scope="module")
def decoders(grammar: Grammar) -> dict[str, ItemDecoder]:
    return {kind: ItemDecoder(causal_lm(kind, len(TOKENIZER)), grammar) for kind in KINDS}


@pytest.fixture(scope="module")
def decoder(decoders: dict[str, ItemDecoder]) -> ItemDecoder:
    return decoders["qwen3"]


def read(decoder: ItemDecoder, *prompt: int) -> Context:
    return decoder.read(torch.tensor([prompt or PROMPT]))


def hf_beam(model: PreTrainedModel, grammar: Grammar, width: int) -> list[str]:
    """Ranks by transformers' own beam search; the catalog is held by prefix_allowed_tokens_fn."""

    def allowed(_: int, ids: torch.Tensor) -> list[int]:
        codes = [CONTROL.code[token][1] for token in ids[len(PROMPT) :].tolist()]
        return [CONTROL.item_token[len(codes)][c] for c in grammar.trie.children(codes)]

    out = generated(
        model,
        torch.tensor([PROMPT]),
        num_beams=width,
        num_return_sequences=width,
        max_new_tokens=3,
        do_sample=False,
        prefix_allowed_tokens_fn=allowed,
        renormalize_logits=True,
        length_penalty=0.0,
    )
    codes = [tuple(CONTROL.code[t][1] for t in row) for row in out[:, len(PROMPT) :].tolist()]
    return [grammar.trie.items(c)[0] for c in codes]


def exhaustive(
    decoder: ItemDecoder, context: Context, exclude: frozenset[str] = frozenset()
) -> dict[str, float]:
    """The log-probability of every item, most probable first, without beam or tree attention."""
    left = [item_id for item_id in decoder.trie.item_ids if item_id not in exclude]
    scores = decoder.log_probabilities(context, left, exclude)
    return dict(sorted(zip(left, scores, strict=True), key=lambda pair: -pair[1]))


# the ranking


@pytest.mark.parametrize("kind", KINDS)
def test_a_wide_beam_ranks_as_scoring_every_item_does(
    decoders: dict[str, ItemDecoder], kind: str
) -> None:
    context = read(decoders[kind])
    (ranking,) = decoders[kind].beam(context, 60)
    exact = exhaustive(decoders[kind], context)
    assert ranking.item_ids == tuple(exact)
    assert ranking.log_probabilities == pytest.approx(list(exact.values()), abs=1e-4)
    assert sum(torch.tensor(ranking.log_probabilities).exp()) == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_narrow_beam_ranks_as_the_beam_search_of_transformers_does(
    decoders: dict[str, ItemDecoder], kind: str
) -> None:
    decoder = decoders[kind]
    (ranking,) = decoder.beam(read(decoder), 12)
    assert list(ranking.item_ids) == hf_beam(decoder.model, decoder.grammar, 12)
    best = exhaustive(decoder, read(decoder))
    for item_id, score in zip(ranking.item_ids, ranking.log_probabilities, strict=True):
        assert score == pytest.approx(best[item_id], abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_in_bfloat16_the_beam_agrees_with_scoring_every_item(kind: str, grammar: Grammar) -> None:
    decoder = ItemDecoder(causal_lm(kind, len(TOKENIZER)).bfloat16(), grammar)
    context = read(decoder)
    (ranking,) = decoder.beam(context, 60)
    best = exhaustive(decoder, context)
    assert set(ranking.item_ids) == set(best)
    for item_id, score in zip(ranking.item_ids[:10], ranking.log_probabilities, strict=False):
        assert score == pytest.approx(best[item_id], abs=0.3)


@given(st.sets(st.sampled_from(sorted(ITEMS))), st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_excluded_items_are_impossible_and_the_rest_is_renormalised(
    decoder: ItemDecoder, excluded: set[str], width: int
) -> None:
    (ranking,) = decoder.beam(read(decoder), width, [excluded])
    assert not excluded & set(ranking.item_ids)
    n_left = len(ITEMS) - len(excluded)
    assert len(ranking.item_ids) <= min(width, n_left)
    if width == 60:
        assert len(ranking.item_ids) == n_left
        assert sum(torch.tensor(ranking.log_probabilities).exp()) == pytest.approx(1)


def test_a_whole_excluded_subtree_gives_its_probability_to_the_others(decoder: ItemDecoder) -> None:
    context = read(decoder)
    (before,) = decoder.beam(context, 60)
    code = decoder.trie.codes(before.item_ids[0])[0]
    subtree = frozenset(decoder.trie.items((code,)))
    assert len(subtree) > 1
    (after,) = decoder.beam(context, 60, [subtree])
    exact = exhaustive(decoder, context, subtree)
    assert after.item_ids == tuple(exact)
    assert after.log_probabilities == pytest.approx(list(exact.values()), abs=1e-4)
    assert (code,) not in after.tree


def test_excluding_the_whole_catalog_ranks_nothing(decoder: ItemDecoder) -> None:
    context = read(decoder)
    rankings = decoder.beam(context, 5, [set(ITEMS)])
    assert [ranking.item_ids for ranking in rankings] == [()]
    assert not rankings[0].tree


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_prompts_ranks_as_each_prompt_alone(
    decoders: dict[str, ItemDecoder], kind: str
) -> None:
    decoder = decoders[kind]
    prompts = [PROMPT, [50, *PROMPT], PROMPT[2:], [60, 61, 62, 63, 64, *PROMPT]]
    excluded = [{"item-1"}, set(), set(ITEMS), set(list(ITEMS)[5:])]
    ids, mask = left_pad(prompts, pad=1)
    together = decoder.beam(decoder.read(ids, mask=mask), 20, excluded)
    for prompt, leave_out, ranking in zip(prompts, excluded, together, strict=True):
        (alone,) = decoder.beam(read(decoder, *prompt), 20, [leave_out])
        assert ranking.item_ids == alone.item_ids
        assert ranking.log_probabilities == pytest.approx(alone.log_probabilities, abs=1e-4)
        assert ranking.tree == alone.tree


def test_one_set_of_excluded_items_is_needed_per_prompt(decoder: ItemDecoder) -> None:
    with pytest.raises(ValueError, match="2 sets of excluded items for 1 prompts"):
        decoder.beam(read(decoder), 5, [set(), set()])


@pytest.mark.parametrize("kind", KINDS)
def test_ranking_leaves_the_context_as_it_was(decoders: dict[str, ItemDecoder], kind: str) -> None:
    decoder = decoders[kind]
    ranked, untouched = read(decoder), read(decoder)
    decoder.beam(ranked, 30)
    for context in (ranked, untouched):
        decoder.feed(context, [CONTROL.item_token[0][1], CONTROL.item_token[1][2]])
    assert ranked.cache.get_seq_length() == untouched.cache.get_seq_length()
    assert torch.equal(ranked.logits, untouched.logits)


def test_the_tree_holds_the_ranked_items_and_their_ancestors(decoder: ItemDecoder) -> None:
    for width in (60, 7):
        (ranking,) = decoder.beam(read(decoder), width)
        paths = [decoder.trie.codes(item_id) for item_id in ranking.item_ids]
        needed = {codes[:depth] for codes in paths for depth in (1, 2, 3)}
        assert needed <= ranking.tree
        assert {codes for codes in ranking.tree if len(codes) == 3} == set(paths)
        assert all(sum(len(c) == depth for c in ranking.tree) <= width for depth in (1, 2, 3))
    assert needed < ranking.tree, "what was given up further down was kept above"


def test_a_model_with_an_unusual_head_is_ranked_by_its_whole_head(
    decoder: ItemDecoder, grammar: Grammar
) -> None:
    class Doubled(torch.nn.Linear):
        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(hidden)

    model = causal_lm("llama", len(TOKENIZER))
    head = Doubled(32, len(TOKENIZER), bias=False)
    head.weight = model.lm_head.weight
    model.lm_head = head
    unusual = ItemDecoder(model, grammar)
    context = read(unusual)
    assert unusual.beam(context, 60)[0].item_ids == tuple(exhaustive(unusual, context))


# a prior beside the model


def with_prior(decoder: ItemDecoder, log_prior: torch.Tensor, hidden: set[str]) -> dict[str, float]:
    """The log-probability of every item left, best first: a product over its levels.

    At each the model's share of a code is weighed by the prior of all items left under it.
    """
    mass = dict(zip(decoder.trie.item_ids, log_prior.exp().tolist(), strict=True))
    left = [item_id for item_id in decoder.trie.item_ids if item_id not in hidden]
    scores = {}
    for item_id in left:
        path = decoder.follow(read(decoder), item_id, hidden)
        scores[item_id] = 0.0
        for depth, choice in enumerate(path):
            above = decoder.trie.codes(item_id)[:depth]
            under = {
                code: share * sum(mass[i] for i in left if i in decoder.trie.items((*above, code)))
                for code, share in choice.probability.items()
            }
            scores[item_id] += math.log(under[choice.code] / sum(under.values()))
    return dict(sorted(scores.items(), key=lambda pair: -pair[1]))


@pytest.mark.parametrize("n_hidden", [0, 20])
def test_a_prior_weighs_each_branch_by_what_may_be_said_below_it(
    decoder: ItemDecoder, n_hidden: int
) -> None:
    log_prior = 2 * torch.randn(60, generator=torch.Generator().manual_seed(4))
    hidden = set(list(ITEMS)[:n_hidden])
    (ranking,) = decoder.beam(read(decoder), 60, [hidden], log_prior[None])
    wanted = with_prior(decoder, log_prior, hidden)
    assert ranking.item_ids == tuple(wanted)
    assert ranking.log_probabilities == pytest.approx(list(wanted.values()), abs=1e-4)
    for item_id in hidden:  # what speaks for the hidden draws nobody to their branch
        log_prior[decoder.trie.leaf[item_id]] += 9
    (again,) = decoder.beam(read(decoder), 60, [hidden], log_prior[None])
    assert again.item_ids == ranking.item_ids
    assert again.log_probabilities == pytest.approx(ranking.log_probabilities, abs=1e-4)
    path = decoder.follow(read(decoder), ranking.item_ids[5], hidden, log_prior[None])
    product = math.prod(choice.probability[choice.code] for choice in path)
    assert product == pytest.approx(math.exp(ranking.log_probabilities[5]), rel=1e-3)


# the path to one item


def test_following_an_item_tells_every_choice_and_says_the_item(decoder: ItemDecoder) -> None:
    context, again = read(decoder), read(decoder)
    (ranking,) = decoder.beam(context, 60)
    item_id = ranking.item_ids[3]
    codes = decoder.trie.codes(item_id)
    path = decoder.follow(context, item_id)
    assert tuple(choice.code for choice in path) == codes
    product = math.prod(choice.probability[choice.code] for choice in path)
    assert product == pytest.approx(math.exp(ranking.log_probabilities[3]), rel=1e-3)
    for depth, choice in enumerate(path):
        assert sorted(choice.probability) == list(decoder.trie.children(codes[:depth]))
        assert sum(choice.probability.values()) == pytest.approx(1)
        assert list(choice.probability.values()) == sorted(choice.probability.values())[::-1]
        assert 0 < choice.allowed_mass <= 1
    decoder.feed(again, CONTROL.item(codes))
    assert torch.allclose(context.logits, again.logits, atol=1e-4)


def test_the_allowed_mass_is_what_the_unconstrained_model_gave(decoder: ItemDecoder) -> None:
    context = read(decoder)
    probability = context.logits[0].softmax(0)
    codes = decoder.trie.children(())
    mass = sum(float(probability[CONTROL.item_token[0][code]]) for code in codes)
    assert decoder.follow(context, "item-0")[0].allowed_mass == pytest.approx(mass, rel=1e-4)


def test_an_item_forced_by_the_user_may_be_among_the_excluded(decoder: ItemDecoder) -> None:
    path = decoder.follow(read(decoder), "item-0", exclude=set(ITEMS))
    assert [choice.probability for choice in path] == [{choice.code: 1.0} for choice in path]


def test_an_item_outside_the_catalog_cannot_be_followed(decoder: ItemDecoder) -> None:
    with pytest.raises(CatalogError, match="'casablanca' has no semantic ID"):
        decoder.follow(read(decoder), "casablanca")
