"""`haetae connectors`: what is wrong with a file is named, and what would be sent is shown without its secrets."""

from typer.testing import CliRunner

from haetae.cli import app

TOKEN = "stand-in-token-of-nobody-at-all"


def run(*arguments: object) -> tuple[int, str]:
    ran = CliRunner().invoke(app, ["connectors", *map(str, arguments)], env={"NO_COLOR": "1", "COLUMNS": "250"})
    return ran.exit_code, ran.output


def test_the_shipped_connectors_are_right_and_say_what_becomes_of_a_lost_answer():
    status, said = run("check")
    assert status == 0
    for name in ("aws-xarf", "cloudflare", "deletion-support"):
        assert name in said
    assert "asks a person" not in said


def test_a_wrong_file_is_named_with_its_field(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\nextends = "cloudflare"\nversion = 0\n')
    status, said = run("check", file)
    assert (status, "mine.toml: version" in said) == (1, True)
    assert run("check", tmp_path)[0] == 1


def test_a_request_is_shown_with_its_secrets_masked_and_never_sent(tmp_path):
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(f'[cloudflare]\ntoken = "{TOKEN}"\nown = {{account_id = "77aa"}}\n')
    secrets.chmod(0o600)
    assert run("try", "cloudflare")[0] == 1
    status, said = run("try", "cloudflare", "--dry-run", "--credentials", secrets)
    assert status == 0
    assert "/accounts/77aa/abuse-reports/abuse_ncsei" in said
    assert "Authorization: ***" in said
    assert TOKEN not in said
