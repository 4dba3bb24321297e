"""The JSON API of care: one's own day and limits, a house's sums, and its limits."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.answers import Errors
from services.gateway.api.bodies import refuses
from services.gateway.api.conditional import IfMatch, must_match, state_tag
from services.gateway.care import choices, mine, scores, sums
from services.gateway.care.units import HouseLimits
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import NO_NUL, Input
from services.gateway.sessions import Visitor

router = APIRouter(prefix="/api", responses={s: {"model": Errors} for s in (401, 403, 422)})
Mine = Annotated[Visitor, may(Right.OWN_SETTINGS)]
Admin = Annotated[Visitor, may(Right.MANAGE_PEOPLE)]
MAX_CATEGORIES = 50


class AgreementItem(BaseModel):
    """`kappa` with its 95 % interval; null while there are fewer than 20 looks. `category`: "" for all together."""

    model_config = ConfigDict(from_attributes=True)

    category: str
    n: int
    agreed: int
    kappa: float | None
    low: float | None
    high: float | None


class Own(BaseModel):
    """Your own day: nobody else can ask for it. `budget`: what applies, in units of a day; `own_budget`:
    the one that you chose."""

    units: float
    budget: float
    own_budget: float | None
    looks: dict[str, int]
    cases: int
    out: list[str]
    rest_until: datetime | None
    suggestion: str
    agreement: list[AgreementItem]


class OwnInput(Input):
    """`budget`: null for what is allowed to you. `out`: categories that you are never to be handed."""

    budget: Annotated[float | None, Field(ge=choices.MIN_BUDGET, le=choices.MAX_BUDGET)] = None
    out: Annotated[list[Annotated[str, Field(max_length=64, pattern=NO_NUL)]], Field(max_length=MAX_CATEGORIES)]


class WeekItem(BaseModel):
    """`enough`: at least five people took part; else there are no sums."""

    model_config = ConfigDict(from_attributes=True)

    monday: date
    enough: bool
    days: int
    units: float
    cases: int
    opened: int
    unblurred: int


class MonthItem(BaseModel):
    """`agreement`: empty when fewer than five people took part."""

    month: date
    agreement: list[AgreementItem]


class HouseSums(BaseModel):
    weeks: list[WeekItem]
    months: list[MonthItem]


class LimitsInput(Input):
    """For everybody of the agency; see `docs/care.md`."""

    budget: Annotated[float, Field(ge=choices.MIN_BUDGET, le=choices.MAX_BUDGET)]
    stretch_units: Annotated[float, Field(ge=choices.MIN_BUDGET, le=choices.MAX_BUDGET)]
    run: Annotated[int, Field(ge=1, le=choices.MAX_RUN)]
    golden_share: Annotated[float, Field(ge=0, le=choices.MAX_SHARE)]
    second_share: Annotated[float, Field(ge=0, le=choices.MAX_SHARE)]


class Allowed(Input):
    """`budget`: null for the agency's again."""

    login: Annotated[str, Field(min_length=1, max_length=64, pattern=NO_NUL)]
    budget: Annotated[float | None, Field(ge=choices.MIN_BUDGET, le=choices.MAX_BUDGET)]
    why: Annotated[str, Field(min_length=1, max_length=500, pattern=NO_NUL)]


def item(score: scores.Score) -> AgreementItem:
    return AgreementItem(category=score.category, **vars(score.agreement))


@router.get("/care", summary="Your own day")
async def own(request: Request, visitor: Mine) -> Own:
    """Counters, limits and agreement of whoever asks; there is no way to ask for somebody else's."""
    async with parts_of(request).database.transaction() as tx:
        shift = await mine.shift(tx, visitor.account.login, tx.clock.now())
    return Own(
        units=shift.day.units,
        budget=shift.limits.budget,
        own_budget=shift.choices.budget,
        looks=shift.day.looks,
        cases=shift.day.cases,
        out=shift.choices.out,
        rest_until=shift.serving.rest_until,
        suggestion=shift.serving.suggestion,
        agreement=[item(score) for score in shift.scores],
    )


@router.put("/care", status_code=204, summary="Your own limits")
async def choose(request: Request, visitor: Mine, given: OwnInput) -> None:
    """Effective at once; nobody is told."""
    async with parts_of(request).database.transaction() as tx:
        await choices.choose(tx, visitor.account.login, given.budget, given.out)


@router.get("/care/house", summary="Sums of your agency")
async def house(request: Request, visitor: Annotated[Visitor, may(Right.READ_FIGURES)]) -> HouseSums:
    """Of weeks and months that are over, never of fewer than five people."""
    agency = visitor.account.agency
    async with parts_of(request).database.transaction() as tx:
        now = tx.clock.now()
        weeks, months = await sums.weeks(tx, agency, now), await scores.closed_months(tx, agency, now)
    return HouseSums(weeks=[WeekItem.model_validate(one) for one in weeks], months=[of_month(one) for one in months])


def of_month(told: scores.HouseScores) -> MonthItem:
    whole = [scores.Score("", told.whole)] if told.whole else []
    others = [scores.Score("others", told.others)] if told.others else []
    return MonthItem(month=told.month, agreement=[item(one) for one in (*whole, *told.scores, *others)])


@router.get("/care/limits", summary="Limits of your agency")
async def limits(request: Request, response: Response, visitor: Admin) -> HouseLimits:
    """The numbers that hold for everybody to whom nothing else was allowed."""
    async with parts_of(request).database.transaction() as tx:
        held = await choices.default(tx, visitor.account.agency)
    response.headers["ETag"] = state_tag(held)
    return held


@router.put("/care/limits", status_code=204, responses=refuses(412), summary="Set the limits of your agency")
async def set_limits(request: Request, visitor: Admin, given: LimitsInput, known: IfMatch = None) -> None:
    """The history keeps who set them."""
    async with parts_of(request).database.transaction() as tx:
        must_match(known, state_tag(choices.as_limits(await choices.held_default(tx, visitor.account.agency))))
        await choices.set_default(tx, visitor.account, HouseLimits(**given.model_dump()))


@router.post("/care/limits/people", status_code=204, responses={404: {"model": Errors}}, summary="Allow another budget")
async def allow(request: Request, visitor: Admin, given: Allowed) -> None:
    """What the person chose stays, and stays unseen."""
    async with parts_of(request).database.transaction() as tx:
        await choices.allow(tx, visitor.account, given.login, given.budget, given.why)
