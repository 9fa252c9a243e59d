"""The settings of a process, from its environment; a wrong one stops it at start and says what it should hold."""

import os
import re
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

PREFIX: Final = "OUTDIAL_"
FILE_SUFFIX: Final = "_FILE"
HOST_PORT: Final = re.compile(r"(?P<host>[\w.\-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")


class SettingsInvalid(Exception):
    """One line per wrong variable: its name, what it held, what it should hold."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _words(value: Any) -> Any:
    return (
        tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value
    )


def _host_port(value: Any) -> Any:
    if isinstance(value, str) and not HOST_PORT.fullmatch(value):
        raise ValueError("host:port")
    return value


def _authorities(value: Any) -> Any:
    if isinstance(value, str) and value:
        try:
            ssl.create_default_context(cafile=value)
        except OSError as error:  # it is not there, or holds no certificate
            raise ValueError(str(error)) from error
    return value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
HostPort = Annotated[str, BeforeValidator(_host_port)]


class Settings(BaseModel):
    """Every variable `OUTDIAL_<NAME>`; secrets also as `OUTDIAL_<NAME>_FILE`. Units stand in the descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka: str = Field("", description="bootstrap servers, host:port,host:port")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    kafka_username: str = Field("", description="SASL user")
    kafka_password: SecretStr = Field(SecretStr(""), description="SASL password")
    kafka_ca_file: Annotated[str, BeforeValidator(_authorities)] = Field(
        "", description="a PEM file with the certificate authority, empty = the machine's authorities"
    )
    kafka_prefix: str = Field("", description="prefix of topics, groups and transactional ids")
    layout: Literal["local", "local-3", "production"] = Field(
        "production", description="layout of schemas/topics.yaml"
    )
    database: SecretStr = Field(SecretStr(""), description="PostgreSQL DSN, postgresql://…")
    http: HostPort = Field("127.0.0.1:8080", description="host:port of API and console")
    admin: HostPort = Field("127.0.0.1:0", description="host:port of health and metrics; port 0 = a free one")
    instance: str = Field("", description="name of this replica in its group; empty = the host's name")
    session_timeout: float = Field(
        6.0, gt=0, description="seconds without a sign of life after which another replica takes over"
    )
    dialer_groups: Words = Field(("default",), description="ordered, append-only names, comma between")
    dialer_group: str = Field("default", description="the group that this dialer serves")
    dialer_http: HostPort = Field("127.0.0.1:8090", description="host:port for carrier webhooks")
    simulator_http: HostPort = Field("127.0.0.1:8091", description="host:port of the simulator")
    telephony: str = Field("", description="simulator, asterisk://… or carrier+https://…")
    allow_simulator: bool = Field(False, description="1 lets `outdial serve` use the simulator")
    simulator_seed: int = Field(1, description="seed of the outcomes")
    simulator_speed: float = Field(60.0, gt=0, description="simulated seconds per second; 60 = a minute")
    simulator_shares: str = Field(
        "", description="percent by outcome, Busy=10,NoAnswer=20; empty = the usual"
    )
    phone_key: SecretStr = Field(SecretStr(""), description="secret of the duplicate index")
    data: Path = Field(
        Path(tempfile.gettempdir()) / "outdial", description="folder for caches and uploads in progress"
    )
    tokens: str = Field("", description="file of bearer tokens with name and role; empty = loopback only")
    stopped_allows: Annotated[frozenset[Literal["download", "add-data"]], BeforeValidator(_words)] = Field(
        frozenset(), description="download, add-data: what Stopped allows beside the product's text"
    )
    delete_grace: int = Field(0, ge=0, description="seconds in which a delete can be undone")
    unreferenced_after: float = Field(
        3_600.0, gt=0, description="seconds after which personal data goes that no upload or record names"
    )
    refused_kept: int = Field(
        2_592_000, gt=0, description="seconds for which the rows that an upload refused can be corrected"
    )
    erasure_bound: int = Field(86_400, gt=0, description="seconds within which deleted data is gone")
    shutdown_grace: float = Field(15.0, gt=0, description="seconds a process may take to stop")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG to ERROR")
    log_format: Literal["json", "text"] = Field("json", description="json or text")
    live_engine: Literal["faust", "plain"] = Field("faust", description="faust or plain")
    upload_max_bytes: int = Field(200 << 20, gt=0, description="bytes of one upload")
    upload_max_rows: int = Field(1_048_575, gt=0, description="rows of one upload")

    def folder(self, name: str) -> Path:
        """A folder below `data`, made if missing."""
        path = self.data / name
        path.mkdir(parents=True, exist_ok=True)
        return path


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment; SettingsInvalid lists everything that is wrong at once."""
    found = os.environ if environ is None else environ
    given: dict[str, str] = {}
    lines: list[str] = []
    for name in Settings.model_fields:
        variable = PREFIX + name.upper()
        if variable in found:
            given[name] = found[variable]
        elif variable + FILE_SUFFIX in found and not name.endswith("_file"):
            try:
                given[name] = Path(found[variable + FILE_SUFFIX]).read_text(encoding="utf-8").strip()
            except OSError as error:
                lines.append(f"{variable}{FILE_SUFFIX} names a file that cannot be read: {error}")
    try:
        settings = Settings.model_validate(given)
        lines += _login_lacks(settings)
    except ValidationError as error:
        lines += [_line(fault, given) for fault in error.errors()]
    if lines:
        raise SettingsInvalid(lines)
    return settings


def require(settings: Settings, *names: str) -> None:
    """SettingsInvalid for each that is not set: embedded defaults belong to `outdial up` only."""
    lines = []
    for name in names:
        value = getattr(settings, name)
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
            lines.append(f"{PREFIX}{name.upper()} is not set; it should hold {_description(name)}")
    if settings.telephony == "simulator" and "telephony" in names and not settings.allow_simulator:
        lines.append(
            "OUTDIAL_TELEPHONY is simulator, which dials nobody; OUTDIAL_ALLOW_SIMULATOR=1 allows it"
        )
    if lines:
        raise SettingsInvalid(lines)


def shown(settings: Settings) -> dict[str, str]:
    """Every variable with its value for people; secrets and passwords masked."""
    return {PREFIX + name.upper(): _masked(getattr(settings, name)) for name in Settings.model_fields}


def split_host_port(text: str) -> tuple[str, int]:
    """host and port of a HostPort setting."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    return host in ("localhost", "::1") or host.startswith("127.")


def _line(fault: Any, given: Mapping[str, str]) -> str:
    name = str(fault["loc"][0])
    field = Settings.model_fields[name]
    held = "a secret" if field.annotation is SecretStr else repr(given.get(name))
    return f"{PREFIX}{name.upper()} holds {held}; it should hold {field.description}"


def _login_lacks(settings: Settings) -> list[str]:
    if not settings.kafka_security.startswith("SASL"):
        return []
    given = {
        "kafka_username": settings.kafka_username,
        "kafka_password": settings.kafka_password.get_secret_value(),
    }
    return [
        f"{PREFIX}{name.upper()} is not set, which {settings.kafka_security} needs; it should hold {_description(name)}"
        for name, value in given.items()
        if not value
    ]


def _description(name: str) -> str:
    return str(Settings.model_fields[name].description)


def _masked(value: object) -> str:
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        parts = urlsplit(text)
        if parts.scheme.startswith("postgres") and parts.hostname:
            return text.replace(f":{parts.password}@", ":***@") if parts.password else text
        return "***" if text else ""
    if isinstance(value, tuple | frozenset):
        return ",".join(sorted(value))
    return str(value)
