"""`haetae accounts`: who may log in to the gateway. A password never stands among the arguments, where every user of
the machine could read it."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from haetae import access
from haetae.saying import HOME, Home, console, guarded
from services.gateway.accounts import HOME as HOME_AGENCY
from services.gateway.accounts import MIN_PASSWORD, Account, AccountProblem, create_account, set_password
from services.gateway.agencies.store import Agency as AgencyRow
from services.gateway.people import managing, services
from services.gateway.problems import Problem
from services.gateway.rights.vocabulary import Role
from services.gateway.sessions import within
from services.gateway.texts import Texts
from shared.database import Database, Transaction

accounts = typer.Typer()
Login = Annotated[str, typer.Argument(help="Name to log in with.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        help=f"File with the password, - for standard input; else it is asked. At least {MIN_PASSWORD} characters."
    ),
]
Agency = Annotated[str, typer.Option(help="Agency that the account belongs to.")]
MOST_LISTED = 10_000
EVERYWHERE = "*"  # logins are unique over all agencies
DAYS = 90  # of a client secret that the command line makes


def password_from(file: Path | None) -> str:
    """Its first line. Raises ValueError when it cannot be read."""
    if file is None and sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    if file is None or str(file) == "-":
        return sys.stdin.readline().removesuffix("\n")
    try:
        return file.read_text().partition("\n")[0]
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: save the password as UTF-8 text") from error


def in_gateway(home: Path, agency: str, work: Callable[[Database], Awaitable[None]]) -> None:
    """What a person can put right is said in one line."""

    async def do() -> None:
        async with access.database("gateway", home) as database:
            try:
                await known_agency(database, agency)
                await work(database.scoped({"haetae.agency": agency}))
            except Problem as problem:
                words = Texts("en")
                said = (words(f"{part}.{problem.code}", **problem.values) for part in ("problem", "cure"))
                raise ValueError(" ".join(said)) from None

    guarded(do)


async def known_agency(database: Database, agency: str) -> None:
    """Raises `AccountProblem`."""
    async with database.transaction() as tx:
        if agency != EVERYWHERE and await tx.get(AgencyRow, agency) is None:
            raise AccountProblem(f"agency: there is no {agency!r}; see `haetae agencies list`, or add it first")


@accounts.command("add")
def add(
    login: Login,
    password_file: PasswordFile = None,
    role: Annotated[list[Role] | None, typer.Option(help="Instead of the flags, as often as needed.")] = None,
    viewer: Annotated[bool, typer.Option("--viewer", help="May look, neither decide nor unblur.")] = False,
    counsellor: Annotated[bool, typer.Option("--counsellor", help="Reports, referrals, alerts.")] = False,
    senior: Annotated[bool, typer.Option("--senior", help="Also answers for others.")] = False,
    supervisor: Annotated[
        bool, typer.Option("--supervisor", help="May also let policies decide, with another supervisor.")
    ] = False,
    auditor: Annotated[bool, typer.Option("--auditor", help="Reads everything but pictures.")] = False,
    admin: Annotated[bool, typer.Option("--admin", help="Keeps the people of the agency, sees no case.")] = False,
    agency: Agency = HOME_AGENCY,
    home: Home = HOME,
) -> None:
    """Let a person log in to the gateway, as a reviewer unless another role is given."""
    flags = {
        Role.VIEWER: viewer, Role.COUNSELLOR: counsellor, Role.SENIOR: senior, Role.SUPERVISOR: supervisor,
        Role.AUDITOR: auditor, Role.ADMIN: admin,
    }  # fmt: skip
    roles = [*(role or ()), *(one for one, given in flags.items() if given)] or [Role.REVIEWER]
    if viewer and supervisor:
        raise typer.BadParameter("give one of --viewer and --supervisor")
    if Role.SERVICE in roles:
        raise typer.BadParameter("programs are added by `haetae accounts service`", param_hint="--role")

    async def do(database: Database) -> None:
        await create_account(database, login, password_from(password_file), roles, agency=agency)

    in_gateway(home, agency, do)
    console.print(f"{login} can log in")


@accounts.command("password")
def change_password(login: Login, password_file: PasswordFile = None, home: Home = HOME) -> None:
    """Give an account a new password; whoever is logged in to it is logged out."""

    async def do(database: Database) -> None:
        account = await account_of(database, login)
        await set_password(within(database, account), login, password_from(password_file))

    in_gateway(home, EVERYWHERE, do)
    console.print(f"{login} has a new password")


@accounts.command("list")
def listing(agency: Agency = HOME_AGENCY, home: Home = HOME) -> None:
    """Who there is: login, pseudonym, roles, second factor."""
    table = Table("login", "pseudonym", "roles", "second factor", "", box=None, header_style="bold")

    async def do(database: Database) -> None:
        async with database.transaction() as tx:
            for one in await managing.people(tx, agency, "", MOST_LISTED):
                account = one.account
                state = "off" if account.off_at else "program" if account.scripted else ""
                roles = ", ".join(account.scopes or account.roles)
                table.add_row(account.login, account.pseudonym, roles, "yes" if one.enrolled else "no", state)

    in_gateway(home, agency, do)
    console.print(table)


@accounts.command("roles")
def set_roles(
    login: Login, roles: Annotated[list[Role], typer.Argument(help="All that the account has from now on.")],
    home: Home = HOME,
) -> None:  # fmt: skip
    """Give an account other roles; whoever is logged in to it is logged out."""
    change(home, login, lambda tx, account: managing.set_roles(tx, account, [role.value for role in roles], None))
    console.print(f"{login} is {', '.join(roles)}")


@accounts.command("off")
def switch_off(login: Login, home: Home = HOME) -> None:
    """Nobody logs in with it any more; what it did stays in the history."""
    change(home, login, lambda tx, account: managing.switch_off(tx, account, None))
    console.print(f"{login} is switched off")


@accounts.command("on")
def switch_on(login: Login, home: Home = HOME) -> None:
    """It can be used again."""
    change(home, login, lambda tx, account: managing.switch_on(tx, account, None))
    console.print(f"{login} is switched on")


@accounts.command("second-factor")
def reset_factor(login: Login, home: Home = HOME) -> None:
    """Reset a lost second factor: the next login sets another one up."""
    change(home, login, lambda tx, account: managing.reset_factor(tx, account, None))
    console.print(f"{login} sets up another second factor at the next login")


@accounts.command("service")
def add_service(
    login: Login,
    scopes: Annotated[list[str], typer.Argument(help="What the program may, such as submit-reports.")],
    agency: Agency = HOME_AGENCY,
    home: Home = HOME,
) -> None:
    """Add a program, and print its client secret once. It gets tokens of POST /api/token."""
    secret = ""

    async def do(database: Database) -> None:
        nonlocal secret
        async with database.transaction() as tx:
            account = await services.add(tx, agency, login, "", scopes, None)
            _, secret = await services.add_secret(tx, account, DAYS, None)

    in_gateway(home, agency, do)
    console.print(f"client_id {login}, for {DAYS} days, told only now:")
    console.print(secret, soft_wrap=True, highlight=False)


def change(home: Path, login: str, work: Callable[[Transaction, Account], Awaitable[None]]) -> None:
    """As the account's own agency does it, of which the line in the history is."""

    async def do(database: Database) -> None:
        found = await account_of(database, login)
        async with within(database, found).transaction() as tx:
            await work(tx, await managing.member(tx, found.agency, found.pseudonym))

    in_gateway(home, EVERYWHERE, do)


async def account_of(database: Database, login: str) -> Account:
    """Raises `AccountProblem`."""
    async with database.transaction() as tx:
        account = await tx.get(Account, login)
    if account is None:
        raise AccountProblem(f"login: there is no {login!r}; see `haetae accounts list`, or add the account first")
    return account
