"""Wrong settings are told in one go: which variable, what it holds, what it should hold."""

from pathlib import Path

import pytest
import trustme

from outdial.runtime.settings import SettingsInvalid, load

SECURED = {
    "OUTDIAL_KAFKA_SECURITY": "SASL_SSL",
    "OUTDIAL_KAFKA_USERNAME": "outdial",
    "OUTDIAL_KAFKA_PASSWORD": "a-password",
}


def lines_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsInvalid) as told:
        load(environ)
    return told.value.lines


def test_a_kafka_with_tls_and_a_password(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))

    settings = load(
        SECURED | {"OUTDIAL_KAFKA_CA_FILE": str(file), "OUTDIAL_KAFKA_MECHANISM": "SCRAM-SHA-512"}
    )

    assert settings.kafka_ca_file == str(file)


def test_without_a_file_the_authorities_of_the_machine_are_trusted() -> None:
    assert load(SECURED).kafka_ca_file == ""


def test_a_file_of_authorities_that_is_not_there_or_holds_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no certificate")

    for file in (tmp_path / "nowhere.pem", tmp_path / "notes.txt"):
        assert lines_of({"OUTDIAL_KAFKA_CA_FILE": str(file)}) == [
            f"OUTDIAL_KAFKA_CA_FILE holds '{file}'; it should hold a PEM file with the certificate authority, "
            "empty = the machine's authorities"
        ]


def test_a_login_lacks_its_name_and_its_password() -> None:
    assert lines_of({"OUTDIAL_KAFKA_SECURITY": "SASL_PLAINTEXT"}) == [
        "OUTDIAL_KAFKA_USERNAME is not set, which SASL_PLAINTEXT needs; it should hold SASL user",
        "OUTDIAL_KAFKA_PASSWORD is not set, which SASL_PLAINTEXT needs; it should hold SASL password",
    ]


def test_a_mechanism_that_the_client_does_not_know() -> None:
    assert lines_of(SECURED | {"OUTDIAL_KAFKA_MECHANISM": "GSSAPI"}) == [
        "OUTDIAL_KAFKA_MECHANISM holds 'GSSAPI'; it should hold PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    ]
