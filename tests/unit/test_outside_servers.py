"""Servers of others, as the tests are told of them: never by the product's own settings."""

from __future__ import annotations

import pytest

from tests.support import outside

STORE = {"S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b"}


def test_each_is_named_by_a_variable_of_the_tests() -> None:
    found = outside.servers(
        {
            "DATABASE_URL": "postgres://owner:p%40ss@db.test:5433/postgres",
            "KAFKA_BOOTSTRAP": "k.test:9092",
            "KAFKA_SECURITY": "tls",
            "S3_ENDPOINT": "https://s3.test",
            "SMTP_URL": "smtp://mail.test:2525",
            "MAIL_API": "http://mail.test:8025/",
            "IMAP_URL": "imap://answers%40agency.test:pw@mail.test:143",
            **STORE,
        }
    )
    assert found["postgres"] == {"HAETAE_DATABASE_URL": "postgresql+psycopg://owner:p%40ss@db.test:5433/postgres"}
    assert found["kafka"] == {"HAETAE_KAFKA_BOOTSTRAP": "k.test:9092", "HAETAE_KAFKA_SECURITY": "tls"}
    assert found["s3"]["HAETAE_S3_SECURE"] == "1"
    assert found["s3"]["HAETAE_S3_BUCKET_PREFIX"] == "haetae-test-"
    assert (found["mail"]["HAETAE_SMTP_HOST"], found["mail"]["HAETAE_SMTP_PORT"]) == ("mail.test", "2525")
    assert found["mail"]["HAETAE_MAIL_API"] == "http://mail.test:8025"
    assert found["mail"]["HAETAE_IMAP_USERNAME"] == "answers@agency.test"


def test_what_the_product_is_told_is_never_met() -> None:
    told = {
        "HAETAE_DATABASE_URL": "postgresql://real",
        "HAETAE_KAFKA_BOOTSTRAP": "real:9092",
        "HAETAE_S3_ENDPOINT": "real",
    }
    assert outside.servers(told) == {}


@pytest.mark.parametrize(
    ("endpoint", "more", "host", "secure"),
    [
        ("s3.test:9000", {}, "s3.test:9000", "0"),
        ("s3.test:9000", {"S3_SECURE": "1"}, "s3.test:9000", "1"),
        ("http://s3.test:9000/", {"S3_SECURE": "1"}, "s3.test:9000", "0"),
    ],
)
def test_a_store_is_named_with_its_scheme_or_without(
    endpoint: str, more: dict[str, str], host: str, secure: str
) -> None:
    found = outside.store(endpoint, STORE | more)
    assert (found["HAETAE_S3_ENDPOINT"], found["HAETAE_S3_SECURE"]) == (host, secure)


def test_a_store_without_its_key_is_half_given() -> None:
    with pytest.raises(ValueError, match="S3_ACCESS_KEY and S3_SECRET_KEY"):
        outside.servers({"S3_ENDPOINT": "s3.test"})


def test_a_mail_server_that_cannot_be_read_is_no_sink() -> None:
    assert outside.servers({"SMTP_URL": "smtp://mail.test"}) == {}


def test_runs_that_share_a_server_set_the_same_passwords() -> None:
    one = outside.role_passwords("postgresql://a")
    assert one == outside.role_passwords("postgresql://a") != outside.role_passwords("postgresql://b")
    assert len(set(one.values())) == len(one)
