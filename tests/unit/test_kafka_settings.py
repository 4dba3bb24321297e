"""How a process says who it is at Kafka, and what is said of settings that cannot be."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import ValidationError

from shared.bus.kafka_refusals import reason
from shared.bus.kafka_settings import KafkaSettings
from shared.settings_errors import explain
from tests.support.authority import Authority

HERE = {"kafka_bootstrap": "127.0.0.1:1"}
LOGIN = {"kafka_user": "crawler", "kafka_password": "the lantern parcel"}


def test_each_way_in_is_aiokafkas_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own = {"kafka_cert_file": authority.issued("crawler")}
    own["kafka_key_file"] = own["kafka_cert_file"]
    trusts = {"kafka_ca_file": authority.file}
    plain = KafkaSettings.model_validate(HERE).kafka_identity()
    mutual = KafkaSettings.model_validate(HERE | own | trusts | {"kafka_security": "tls"}).kafka_identity()
    login = KafkaSettings.model_validate(HERE | LOGIN | trusts | {"kafka_security": "sasl-tls"}).kafka_identity()
    assert plain == {"security_protocol": "PLAINTEXT"}
    assert (mutual["security_protocol"], login["security_protocol"]) == ("SSL", "SASL_SSL")
    assert mutual["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert mutual["ssl_context"].check_hostname
    assert (login["sasl_mechanism"], login["sasl_plain_username"]) == ("SCRAM-SHA-512", "crawler")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kafka_security": "sasl-tls"}, "HAETAE_KAFKA_USER and HAETAE_KAFKA_PASSWORD: both are needed"),
        (LOGIN, "neither is used without it"),
        ({"kafka_security": "tls", "kafka_cert_file": "a"}, "give both or neither"),
        ({"kafka_ca_file": "a"}, "set HAETAE_KAFKA_SECURITY to tls or sasl-tls"),
        ({"kafka_security": "tls", "kafka_ca_file": "nowhere"}, "nowhere holds no certificate that can be read"),
        (LOGIN | {"kafka_security": "sasl-plaintext", "kafka_bootstrap": "kafka:9092"}, "set it to sasl-tls"),
        ({"kafka_security": "TLS"}, "HAETAE_KAFKA_SECURITY is wrong"),
    ],
)
def test_what_cannot_be_is_said_with_its_cure_and_without_secrets(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        KafkaSettings.model_validate(HERE | given)
    text = explain(error.value, KafkaSettings)
    assert said in text
    assert LOGIN["kafka_password"] not in text


def test_a_key_that_is_another_s_is_said(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    files = {"kafka_cert_file": authority.issued("a"), "kafka_key_file": authority.issued("b")}
    with pytest.raises(ValidationError, match="give PEM files that belong together"):
        KafkaSettings.model_validate(HERE | files | {"kafka_security": "tls"})


@pytest.mark.parametrize(
    ("error", "at", "said"),
    [
        (ConnectionRefusedError(111, "Connection refused"), {}, "cannot be reached (Connection refused)"),
        (TimeoutError(), {}, "does not answer within 2 s"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), {}, "does not speak TLS"),
        (KafkaConnectionError(), {"ssl_context": object()}, "HAETAE_KAFKA_CERT_FILE"),
    ],
)
def test_a_refusal_names_what_to_look_at(error: Exception, at: dict[str, object], said: str) -> None:
    assert said in reason(error, "kafka.test:9093", at)
