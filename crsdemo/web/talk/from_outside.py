"""A talk with another program, which calls `/say` and gets the whole reply with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from crsdemo.chat.exchange import Exchange
from crsdemo.core.catalog import Catalog
from crsdemo.core.checked import checked_id
from crsdemo.core.conversation import Conversation, seen_id
from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.core.reply_json import as_json
from crsdemo.web.shared.controls import caller
from crsdemo.web.shared.placeless import placeless

Json = dict[str, Any]


@dataclass(frozen=True)
class FromOutside:
    """What another program may ask for. Each is told from the others by its session."""

    exchange: Exchange
    catalog: Catalog

    def say_from_outside(self, text: str, request: gr.Request, dialogue_id: str = "") -> Json:
        """Say something and get the whole reply with its evidence.

        Without `dialogue_id` a new dialogue begins; with the one that came with an earlier
        reply to the same client, that dialogue goes on. It is logged like a visit.
        """
        try:
            said = self._dialogue(caller(request), dialogue_id)
            *_, answered = self.exchange.say(said, text)
        except CrsdemoError as error:
            raise gr.Error(placeless(str(error)), print_exception=False) from error
        logged = answered.turns[-1]
        assert logged.reply is not None
        return {"dialogue_id": answered.id, "reply_id": logged.id, **as_json(logged.reply)}

    def _dialogue(self, visitor: str, dialogue_id: str) -> Conversation:
        """The one that is meant, or a new one. Raises BadInputError for one of another client."""
        if not dialogue_id:
            return self.exchange.start(visitor)
        restored = self.exchange.log.restore(seen_id(checked_id(dialogue_id)), self.catalog)
        if restored and restored.conversation.visitor == visitor:
            return restored.conversation
        raise BadInputError(
            f"no dialogue {dialogue_id!r} of this client is known here; leave it out to begin one"
        )
