"""A wish that a signal brings: `threading.Event` may not be set in a handler, whose thread may just hold its lock."""

import os
import select


class Wish:
    """Made by a signal handler, waited for by the thread that handles signals; as long as the process lives."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self.is_made = False

    def make(self) -> None:
        """Safe in a signal handler: takes no lock; the first time ends every wait."""
        if not self.is_made:
            self.is_made = True
            os.write(self._write, b".")

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; whether the wish was made."""
        select.select([self._read], [], [], seconds)
        return self.is_made
