"""What an annotator has said and was answered in one task: with two systems, or with one alone."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace

from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.chat.study_steps import Work
from crsdemo.core.catalog import Catalog
from crsdemo.core.comparison import Policy, Series, Verdict
from crsdemo.core.conversation import Conversation
from crsdemo.core.errors import BadInputError, CrsdemoError, FeedbackError, TooManyError
from crsdemo.studies.assignment import Assignment


@dataclass(frozen=True)
class StudyTalks:
    """Reads and continues them. Raises FeedbackError if the log cannot be used."""

    side_by_side: SideBySide
    catalog: Catalog

    def series(
        self,
        annotator: str,
        assignment: Assignment,
        policy: Policy,
        verdicts: Mapping[str, Verdict],
    ) -> Series:
        """Comparisons so far, as this person sees them, with this person's verdicts."""
        comparisons = self.side_by_side.comparisons
        if not assignment.replay_of:
            found = comparisons.restore(assignment.id, self.catalog)
            return found.series if found else Series(assignment.id, annotator, policy)
        name = comparisons.series_of(assignment.replay_of)
        found = comparisons.restore(name, self.catalog) if name else None
        if found is None:
            raise BadInputError(
                f"the comparison {assignment.replay_of} is not in this log any more"
            )
        shown = next(c for c in found.series.comparisons if c.id == assignment.replay_of)
        shown = replace(shown, verdict=verdicts.get(shown.id), picked=None)
        if assignment.swapped:
            shown = replace(shown, left=shown.right, right=shown.left)
        return Series(found.series.id, annotator, found.series.policy, (shown,))

    def alone(self, annotator: str, assignment: Assignment) -> Conversation:
        """A talk with one system so far."""
        restored = self.side_by_side.log.restore(assignment.id, self.catalog)
        return restored.conversation if restored else Conversation(assignment.id, annotator)

    def say_alone(self, work: Work, text: str) -> Generator[Conversation, None, None]:
        """The talk with the message, then with the reply as it grows, as `Exchange.say`.

        A last message that got no whole answer is replaced. No error tells who should have
        answered.
        """
        talk = work.talk
        assert talk is not None
        last = talk.turns[-1] if talk.turns else None
        if last and last.status == "running":
            raise BadInputError("Please wait until the answer is whole, then write the next one.")
        pair = self.side_by_side
        # The name of the click is the place of the message: two tabs cannot both take it
        place = f"{work.assignment.id} {last.id if last else ''}"
        try:
            recommender = pair.recommenders.get(work.assignment.left)
            exchange = Exchange(recommender, pair.linker, pair.log, pair.admission)
            say = exchange.say_instead if work.unanswered else exchange.say
            yield from say(talk, text, client_event_id=place)
        except (BadInputError, FeedbackError, TooManyError):
            raise
        except CrsdemoError as error:
            raise CrsdemoError(
                "The assistant could not answer this message. Please write it once more, or come "
                "back later with the same link."
            ) from error
