"""Never in a notice: a picture or part of one, a title, a name, a token. Markers are planted wherever one could be."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.drafter.contacts.places import addresses
from services.drafter.contacts.resolve import Asked
from services.drafter.domain import draft
from services.drafter.notice import Occasion, Writer
from services.drafter.problems import Problem
from shared.events.examples import PICTURE
from shared.events.values import Match, Notice, Reason, SealedObject
from tests.support.cases import sealed
from tests.support.goldens import LANGUAGES, NOW, recipient, the_office

MARK = "zq7731marker"
# Where an address holds what opens an account or a store.
KEYS = ("{}?token={}", "{}?a=1&PHPSESSID={}&b=2", "{}#access_token={}", "{};jsessionid={}", "{}?X-Amz-Signature={}&x=1")
around = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


def notices(event) -> list[Notice]:
    """As drafted, and to each role by each channel."""
    writer, (named, _) = Writer(event, the_office(), NOW), addresses(event.finding, event.assessment.matches)
    asked = [recipient(language, "US", "site") for language in LANGUAGES]
    asked += [recipient("en", "US", role) for role in ("host", "cdn", "registrar", "search", "hotline")]
    asked += [recipient("en", "US", "host").model_copy(update={"channel": channel}) for channel in ("api", "form")]
    made = [
        writer.write(Asked(to, 0, 0, named), Occasion(occasion)) for to in asked for occasion in ("first", "reminder")
    ]
    return [*draft(event, the_office(), NOW).notices, *(one for one in made if not isinstance(one, Problem))]


@settings(max_examples=8)
@given(
    before=around,
    after=around,
    key=st.sampled_from(KEYS),
    category=st.sampled_from(["known_content", "minor_apparent"]),
)
def test_no_marker_comes_through(before, after, key, category):
    planted = f"{before}{MARK}{after}"
    host = "http://harbour-board.en.test"
    picture = PICTURE.model_copy(update={"url": key.format(f"{host}/1.jpg", MARK)})
    event = sealed(
        url=key.format(f"{host}/post/41", MARK),
        category=category,
        title=planted,
        excerpt=planted,
        pictures=(picture,),
        site={"abuse_email": "abuse@harbour-board.en.test"},
    )
    match = Match(picture_url=picture.url, bank=planted, entry=planted, algorithm="pdq", distance=0, variant=planted)
    reason = Reason(code="known_picture", text=planted, weight=0.9, values={"entry": planted})
    assessment = event.assessment.model_copy(update={"matches": (match,), "reasons": (reason,)})
    kept = SealedObject(name=planted, sha256=PICTURE.sha256, bytes=1, media_type="image/jpeg")
    event = event.model_copy(update={"assessment": assessment, "objects": (kept,), "incomplete": (planted,)})
    found = notices(event)
    assert len(found) > 2 * len(LANGUAGES)
    for notice in found:
        assert MARK not in notice.model_dump_json()
        assert host in notice.body
        assert all(part.media_type in ("application/json", "text/plain") for part in notice.attachments)


def test_the_words_of_no_language_describe_the_material():
    """A notice says that it is unlawful, never what it shows: from data alone, so the data is what has to hold."""
    office = the_office()
    for kind in office.categories.kinds.values():
        for text in kind.words.values():
            assert not any(
                word in text.lower() for word in ("sex", "nude", "naked", "porn", "성적", "나체", "裸", "性的")
            )


def test_the_title_of_a_page_is_no_part_of_a_notice_even_when_it_is_all_there_is():
    event = sealed(title=MARK, pictures=())
    assert all(MARK not in notice.model_dump_json() for notice in notices(event))
