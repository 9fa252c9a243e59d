"""`python -m services.simulator`"""

import sys

from outdial.runtime.exits import Exit
from outdial.runtime.service import run, settings_of
from outdial.runtime.settings import SettingsInvalid
from services.simulator.bootstrap import main, network_of

if __name__ == "__main__":
    settings = settings_of("simulator")
    try:
        network_of(settings)
        if not settings.allow_simulator:
            raise SettingsInvalid(["OUTDIAL_ALLOW_SIMULATOR is not 1: a simulated network calls nobody"])
    except SettingsInvalid as error:
        sys.stderr.write("simulator cannot start:\n  " + "\n  ".join(error.lines) + "\n")
        sys.exit(Exit.USAGE)
    run("simulator", settings, main)
