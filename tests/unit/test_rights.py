"""Who may do what: every role and right against one table, and what no role overrides."""

import cedarpy
import pytest

from services.gateway.accounts import Account
from services.gateway.problems import Problem
from services.gateway.rights.deciding import SCHEMA, TEXT, holds, permit, rights_of
from services.gateway.rights.vocabulary import Right, Role
from services.gateway.sessions import Visitor
from services.gateway.texts import MESSAGES

# One column a role, in the order of `Role`: viewer, counsellor, reviewer, senior, supervisor, auditor, admin, service.
TABLE = """
read-cases          v c r s S a . x
see-blurred         v c r s S . . .
claim-cases         . . r s S . . .
decide-cases        . . r s S . . .
undo-decisions      . . r s S . . .
edit-notices        . . r s S . . .
handle-notices      . . r s S . . .
unblur-pictures     . . r s S . . .
read-evidence       v c r s S a . x
order-evidence      . . r s S . . .
destroy-evidence    . . . s S . . .
read-alerts         v c r s S a . x
take-alerts         . c r s S . . .
submit-hashes       . c r s S . . x
read-reports        . c . s S . . .
handle-reports      . c . s S . . .
submit-reports      . c . s S . . x
receive-referrals   . c . . . . . x
read-policies       v c r s S a . .
propose-policies    . . . . S . . .
approve-policies    . . . . S . . .
stop-policies       . . . . S . . .
read-providers      v c r s S a . x
read-figures        . . . s S a . x
keep-golden         . . . s S . . .
read-history        v c r s S a A x
export-history      . . . . S a . .
read-people         . . . . S . A .
manage-people       . . . . . . A .
transfer-cases      . . . s S . . .
second-look         . . . s S a . .
own-settings        v c r s S a A .
read-events         . . . . . . A x
manage-webhooks     . . . . . . A x
read-statements     . . . s S a A x
manage-peers        . . . . S . A .
exchange-statements . . . s S . . .
ask-rights          v c r s S a A x
"""
EXPECTED = {line.split()[0]: [cell != "." for cell in line.split()[1:]] for line in TABLE.strip().splitlines()}


def visitor(*roles: str, name: str = "kim", agency: str = "home", scripted: bool = False, scopes=None) -> Visitor:
    account = Account(login=name, pseudonym=name, roles=list(roles), agency=agency, scripted=scripted)
    return Visitor(account, "", False, scopes=scopes)


def test_the_table_has_every_right_and_no_other() -> None:
    assert EXPECTED.keys() == set(Right)


@pytest.mark.parametrize(("column", "role"), list(enumerate(Role)))
def test_each_role_has_exactly_its_rights(column: int, role: Role) -> None:
    scopes = frozenset(Right) if role is Role.SERVICE else None
    who = visitor(role, scopes=scopes)
    assert {right.value for right in rights_of(who)} == {name for name, cells in EXPECTED.items() if cells[column]}


def test_policies_are_valid_and_every_right_is_an_action() -> None:
    result = cedarpy.validate_policies(TEXT, SCHEMA)
    assert result.validation_passed, [str(error) for error in result.errors]
    assert {right for right in Right if f'"{right.value}"' not in SCHEMA} == set()


def test_every_prohibition_and_every_right_has_its_words() -> None:
    forbidden = {part.partition('"')[0] for part in TEXT.split('@id("')[1:] if "forbid" in part[:60]} - {
        "another-agency"
    }
    assert {f"problem.{code}" for code in forbidden} <= MESSAGES["en"].keys()
    assert {f"right.{right.value}" for right in Right} <= MESSAGES["en"].keys()


def test_roles_add_up_and_no_role_is_no_right() -> None:
    both = visitor(Role.ADMIN, Role.VIEWER)
    assert holds(both, Right.MANAGE_PEOPLE)
    assert holds(both, Right.READ_CASES)
    assert rights_of(visitor()) == [Right.OWN_SETTINGS, Right.ASK_RIGHTS]


def test_a_service_has_what_its_scopes_say_and_of_a_service_s_rights_only() -> None:
    who = visitor(Role.SERVICE, scopes=frozenset({"read-cases", "decide-cases", "manage-people"}))
    assert rights_of(who) == [Right.READ_CASES, Right.ASK_RIGHTS]
    assert rights_of(visitor(Role.SERVICE)) == [Right.ASK_RIGHTS]


def code_of(who: Visitor, right: Right, **resource: object) -> tuple[int, str] | None:
    try:
        permit(who, right, resource)
    except Problem as problem:
        return problem.status, problem.code
    return None


def test_what_is_another_agency_s_is_not_there_whatever_else_forbids_it() -> None:
    who = visitor(Role.SUPERVISOR)
    assert code_of(who, Right.DECIDE_CASES, agency="home") is None
    assert code_of(who, Right.DECIDE_CASES, agency="harbour", proposed_by="kim") == (404, "no-case")


def test_four_eyes() -> None:
    who = visitor(Role.SUPERVISOR)
    assert code_of(who, Right.APPROVE_POLICIES, proposed_by="lee") is None
    assert code_of(who, Right.APPROVE_POLICIES, proposed_by="kim") == (403, "four-eyes")
    program = visitor(Role.SUPERVISOR, name="robot", scripted=True)
    assert code_of(program, Right.EXPORT_HISTORY, proposed_by="lee") == (403, "four-eyes")
    assert code_of(program, Right.APPROVE_POLICIES) == (403, "no-program")


def test_what_nobody_permits_is_refused_and_what_is_unknown_is_a_bug() -> None:
    assert code_of(visitor(Role.VIEWER), Right.DECIDE_CASES) == (403, "no-right")
    with pytest.raises(TypeError, match="nothing that a policy asks for"):
        permit(visitor(Role.REVIEWER), Right.DECIDE_CASES, {"colour": "blue"})
    with pytest.raises(TypeError):
        permit(visitor(Role.REVIEWER), Right.DECIDE_CASES, {"proposed_by": ["kim"]})
