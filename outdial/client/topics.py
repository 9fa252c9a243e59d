"""`outdial topics apply|check`: the declared topics against a broker's."""

import argparse
import asyncio
import sys

from outdial.client.connecting import kafka_config
from outdial.client.registry import SchemaTopic
from outdial.eventlog import topics
from outdial.eventlog.ports import LogUnavailable
from outdial.messages.codec import Codec
from outdial.runtime.exits import Exit
from outdial.runtime.settings import Settings, SettingsInvalid, load, require


async def run(settings: Settings, what: str) -> str:
    """Apply or check; the text for people. Raises TopicsDiffer, LogUnavailable."""
    kafka = kafka_config(settings)
    layout = topics.Layout.named(settings.layout, len(settings.dialer_groups))
    if what == "check":
        await topics.check(kafka, layout)
        return "the broker's topics are as declared"
    made = await topics.apply(kafka, layout)
    await SchemaTopic(kafka).prepare(layout.partitions, Codec())
    await topics.check(kafka, layout)
    return f"made {', '.join(made)}" if made else "nothing was missing"


def main(arguments: list[str]) -> int:
    """Exit code: 0 as declared, 1 differs, 2 settings, 3 unreachable."""
    parser = argparse.ArgumentParser(
        "outdial topics", description="Make or check the topics of OUTDIAL_KAFKA."
    )
    parser.add_argument("what", choices=("apply", "check"))
    asked = parser.parse_args(arguments)
    try:
        settings = load()
        require(settings, "kafka")
        sys.stdout.write(asyncio.run(run(settings, asked.what)) + "\n")
    except SettingsInvalid as error:
        sys.stderr.write("\n".join(error.lines) + "\n")
        return Exit.USAGE
    except topics.TopicsDiffer as error:
        sys.stderr.write("\n".join(error.differences) + "\n")
        return Exit.FINDINGS
    except LogUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return Exit.INFRASTRUCTURE
    return Exit.OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
