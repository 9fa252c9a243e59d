"""What is decided and not yet committed: the decisions of one transaction to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from outdial.eventlog.ports import Decision, LogRecord, Message
from outdial.eventlog.writer.place import with_place
from outdial.eventlog.writer.settings import WriterTopics


@dataclass(slots=True)
class Batch:
    """Decisions in the order of their commands; `next_command` follows the last one.

    waited_us: how old the first command was when it was decided; None where there is no command.
    """

    decisions: list[Decision] = field(default_factory=list)
    size: int = 0
    next_command: int = 0
    waited_us: int | None = None

    def add(self, record: LogRecord, decision: Decision) -> None:
        """One command more."""
        self.decisions.append(decision)
        self.size += _bytes_of(decision)
        self.next_command = record.offset + 1

    def messages(self, topics: WriterTopics) -> Mapping[str, list[Message]]:
        """What is appended, by topic; nothing for a topic that gets nothing."""
        decisions = self.decisions
        results = [message for decision in decisions for message in decision.results]
        found = {
            topics.events: [message for decision in decisions for message in decision.events],
            topics.results: with_place(results, self.next_command),
            topics.blocks: [message for decision in decisions for message in decision.blocks],
            topics.quarantine: [message for decision in decisions for message in decision.quarantine],
            topics.commands: [message for decision in decisions for message in decision.commands],
        }
        return {topic: messages for topic, messages in found.items() if messages}


def _bytes_of(decision: Decision) -> int:
    size = 0
    for message in (*decision.events, *decision.results, *decision.blocks, *decision.quarantine):
        size += len(message.value or b"")
    return size
