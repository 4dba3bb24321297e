"""NCMEC's hash sharing: the XML with which its API answers GET /v2/entries ("Hash Sharing API", 2), saved to a file.

An entry has several fingerprints of one picture or video. Those that we cannot compare (PhotoDNA, TMK+PDQF …) are
counted and told once; `deletedImage` and `deletedVideo` take an entry back.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from services.classifier.hashes.entries import Algorithm, BankHash
from services.classifier.hashes.exchange.records import MOST_LABEL, Record, Withdrawal, listed
from services.classifier.hashes.hash_files import Problem

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"  # a name, not an address that is ever asked
# A video's PDQ is none of a picture; an MD5, SHA-1 is of the whole file in both.
COMPARED = {"md5": Algorithm.MD5, "sha1": Algorithm.SHA1, "pdq": Algorithm.PDQ}
ENTRIES = {"image", "video", "deletedimage", "deletedvideo"}
DELETED = "deleted"
UNCLASSIFIED = "unclassified"


def read_ncmec(file: Path, bank: str) -> Iterator[Record]:
    """Raises `ValueError` for a file that is no such XML."""
    left_out: Counter[str] = Counter()
    number = 0
    try:
        for _, element in iterparse(file, events=("end",), forbid_dtd=True):
            if local_name(element) not in ENTRIES:
                continue
            number += 1
            yield from _records(element, bank, number, left_out)
            element.clear()  # the file may hold hundreds of thousands
    except (ParseError, DefusedXmlException) as error:
        raise ValueError(f"{file.name}: entry {number + 1}: no XML of NCMEC's hash sharing: {error}") from error
    if number == 0:
        raise ValueError(f"{file.name}: holds no entry; give what GET /v2/entries answered")
    for kind, count in sorted(left_out.items()):
        yield Problem(0, f"{count} fingerprints of kind {kind} left out: they cannot be compared here")


def local_name(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()


def _records(entry: Element, bank: str, number: int, left_out: Counter[str]) -> Iterator[Record]:
    fields = {local_name(child): child for child in entry}
    name = (fields["id"].text or "").strip() if "id" in fields else ""
    if not name:
        yield Problem(number, "the entry has no id; ask who gave the list")
        return
    member = fields["member"].get("id", "") if "member" in fields else ""
    label = f"ncmec {member}/{name}"[:MOST_LABEL]
    if local_name(entry).startswith(DELETED):
        yield Withdrawal(bank, label, "deleted at NCMEC")
        return
    category = (fields["classification"].text or "").strip() if "classification" in fields else ""
    video = local_name(entry) == "video"
    for fingerprint in fields.get("fingerprints", ()):
        kind = local_name(fingerprint)
        algorithm = COMPARED.get(kind)
        if algorithm is None or (video and algorithm is Algorithm.PDQ):
            left_out[kind] += 1
        else:
            yield listed(bank, label, category or UNCLASSIFIED, algorithm, fingerprint.text or "", number)


def ncmec_xml(entries: dict[str, list[BankHash]], member: str) -> bytes:
    """The same shape for what we have: an image for each entry, with one hash of each kind (the schema allows no more,
    so that stored variants of a picture stay at home)."""
    root = Element("queryResult", {"xmlns": NAMESPACE})
    images = SubElement(root, "images", {"count": str(len(entries))})
    for name, hashes in entries.items():
        image = SubElement(images, "image")
        SubElement(image, "member", {"id": member})
        SubElement(image, "id").text = name
        SubElement(image, "classification").text = hashes[0].category
        fingerprints = SubElement(image, "fingerprints")
        first = {value.algorithm: value for value in reversed(hashes)}
        for kind, algorithm in COMPARED.items():
            if algorithm in first:
                SubElement(fingerprints, kind).text = first[algorithm].hash
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
