"""Leaving a consumer group for who died under our name.

A process that is killed says no good-bye: its partitions wait for the end of its session, and its successor with them.
A name belongs to one process (HAETAE_INSTANCE), so that who starts under it knows that the former one is gone.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.group import LeaveGroupRequest

LONGEST_S = 5.0  # then the session ends by itself as well
FORMED = "Stable"
UNIQUE = re.compile(r"-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # what a broker puts behind a client's name

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Before:
    """Who is in a group before we join it, as far as is known. `others`: somebody of another name. `mine`: the member
    as which we go on, where the dead one cannot be made to leave."""

    others: bool
    mine: str | None = None


async def leave_for_predecessor(at: Mapping[str, Any], group: str, *, embedded: bool) -> Before:
    """Ends the membership of whoever is in `group` under the name `at["client_id"]`. Where that is not to be had, all
    goes on as without it: a session later. A process that is still there joins again by itself.

    The embedded broker loses a group for good whose member is made to leave while it forms. There nobody is made to
    leave beside others; a member that died alone in a group that was forming is gone on with instead: to the broker it
    asks once more.
    """
    admin = AIOKafkaAdminClient(**at)
    try:
        async with asyncio.timeout(LONGEST_S):
            await admin.start()
            node = await admin.find_coordinator(group)
            state, members = await _described(admin, group, node)
            former = [member for member in members if of_client(member, at["client_id"])]
            others = former != members
            if embedded and others:
                return Before(others)
            if embedded and state != FORMED:
                return Before(others, former[-1] if former else None)
            for member in former:
                await admin._send_request(LeaveGroupRequest(group, member), node)
                log.info("left for a member that said no good-bye", group=group, member=member)
            return Before(others)
    except (KafkaError, TimeoutError) as error:
        log.info("could not look for a predecessor", group=group, error=repr(error))
        return Before(others=True)
    finally:
        await admin.close()


async def _described(admin: AIOKafkaAdminClient, group: str, node: int) -> tuple[str, list[str]]:
    """The group's state, and the ids of its members."""
    (answer,) = await admin.describe_consumer_groups([group], node)
    (told,) = answer.to_object()["groups"]
    return told["state"], [member["member_id"] for member in told["members"]]


def of_client(member: str, client: str) -> bool:
    """Whether a member's id, as brokers make it, is that of a client of exactly this name."""
    return member.startswith(client) and UNIQUE.fullmatch(member.removeprefix(client)) is not None
