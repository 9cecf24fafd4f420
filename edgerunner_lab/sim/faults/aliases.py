"""One account under two numbers: what a client is told, and what it asks for, translated at the door."""

from dataclasses import dataclass

from edgerunner_lab.sim.protocol.messages import Fields, Message, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """The account's own number and the one a connection knows it by."""

    own: str
    shown: str

    def swapped(self, message: Message) -> Message:
        """Return the message with the two numbers in each other's place, in both directions.

        Who asks for the account's own number asks for one it was never told, and is refused.
        """
        return Message(message.name, self._fields(message.fields))

    def _fields(self, fields: Fields) -> Fields:
        return {name: self._value(value) for name, value in fields.items()}

    def _value(self, value: Value) -> Value:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, tuple):
            return tuple(self._fields(element) for element in value)
        return value

    def _text(self, text: str) -> str:
        if self.own not in text and self.shown not in text:
            return text
        parts = (part.replace(self.shown, self.own) for part in text.split(self.own))
        return self.shown.join(parts)
