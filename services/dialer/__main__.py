"""`python -m services.dialer`"""

import sys

from outdial.runtime.exits import Exit
from outdial.runtime.service import run, settings_of
from outdial.runtime.settings import SettingsInvalid
from outdial.telephony.connecting import telephony_of
from services.dialer.bootstrap import group_number, main

if __name__ == "__main__":
    settings = settings_of("dialer", "kafka", "telephony")
    try:
        group_number(settings)
        telephony_of(settings)
    except SettingsInvalid as error:
        sys.stderr.write("dialer cannot start:\n  " + "\n  ".join(error.lines) + "\n")
        sys.exit(Exit.USAGE)
    run("dialer", settings, main)
