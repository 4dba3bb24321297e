"""Settings of the drafter: in whose name it writes, and by which rules."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from services.drafter.agency import Agency
from services.drafter.polish import ChatModel, Polish, unchanged
from shared import settings

# A sample can be told from a real identity in every notice, and `.test` never resolves (RFC 6761).
SAMPLE = {
    "agency_name": "견본 디지털성범죄피해자지원센터",
    "agency_name_en": "Sample Victim Support Centre",
    "agency_mandate": "성폭력방지 및 피해자보호 등에 관한 법률 제7조의3 (견본)",
    "agency_mandate_en": "Sexual Violence Prevention and Victims Protection Act (Korea), Article 7-3 (sample)",
    "agency_address": "1 Sample Street, Seoul 00000",
    "agency_phone": "+82-2-0000-0000",
    "agency_reply_to": "answers@agency.test",
    "agency_signatory": "Sample Official",
}
# What ends a line or a header cannot stand in any of them.
Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f\u0085\u2028\u2029]+$")]


class Settings(settings.Settings):
    agency_name: Annotated[Line, Field(description="The agency's name, in Korean texts")] = SAMPLE["agency_name"]
    agency_name_en: Annotated[Line, Field(description="The agency's name, in all other texts")] = SAMPLE[
        "agency_name_en"
    ]
    agency_mandate: Annotated[Line, Field(description="The legal ground of its requests, in Korean texts")] = SAMPLE[
        "agency_mandate"
    ]
    agency_mandate_en: Annotated[Line, Field(description="The legal ground, in all other texts")] = SAMPLE[
        "agency_mandate_en"
    ]
    agency_address: Annotated[Line, Field(description="Its public postal address")] = SAMPLE["agency_address"]
    agency_phone: Annotated[Line, Field(description="Its public telephone number")] = SAMPLE["agency_phone"]
    agency_reply_to: Annotated[Line, Field(description="Mailbox where a person reads the answers to notices")] = SAMPLE[
        "agency_reply_to"
    ]
    agency_signatory: Annotated[Line, Field(description="The official in whose name notices are signed")] = SAMPLE[
        "agency_signatory"
    ]
    report_language: Annotated[Literal["ko", "en"], Field(description="Language of reports")] = "ko"
    laws_file: Annotated[
        Path | None, Field(description="The agency's own laws.toml; else the one of services/drafter/data")
    ] = None
    contacts_file: Annotated[
        Path | None,
        Field(description="What the agency puts over the shipped contact graph: providers, steps; or nothing"),
    ] = None
    templates_dir: Annotated[
        Path | None,
        Field(description="Folder of the agency's own templates; those that it lacks are taken from services/drafter"),
    ] = None

    polish_url: Annotated[
        str | None,
        Field(description="A local language model's server (chat completions), up to `/v1`; none changes no word"),
    ] = None
    polish_model: Annotated[str, Field(description="The model's name there")] = "local"
    polish_seconds: Annotated[float, Field(gt=0, le=60, description="Longest wait for one of its sentences")] = 5.0

    def polisher(self) -> Polish:
        if self.polish_url is None:
            return unchanged
        return ChatModel(self.polish_url, self.polish_model, self.polish_seconds)

    def agency(self) -> Agency:
        values = {name.removeprefix("agency_"): getattr(self, name) for name in SAMPLE}
        sample = tuple(f"HAETAE_{name.upper()}" for name, text in SAMPLE.items() if getattr(self, name) == text)
        return Agency(**values, sample=sample)
