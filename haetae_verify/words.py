"""The words of an answer in which everything is right, in English and Korean."""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "whole": {
        "en": "Everything in this bundle is as it was sealed.",
        "ko": "이 묶음의 모든 내용은 봉인된 그대로입니다.",
    },
    "unchanged": {
        "en": "Nothing in this bundle was changed since it was signed. Whose signature it is, you still have to check.",
        "ko": "이 묶음은 서명된 뒤로 바뀐 것이 없습니다. 누구의 서명인지는 아직 확인되지 않았습니다.",
    },
    "history-whole": {
        "en": "Every line of this history is as it was chained and signed.",
        "ko": "이 이력의 모든 줄이 이어지고 서명된 그대로입니다.",
    },
    "history-part": {
        "en": "Every line of this export is as it was chained, and is part of the history that was signed.",
        "ko": "내보낸 모든 줄이 이어진 그대로이며, 서명된 이력에 들어 있는 것입니다.",
    },
    "history": {"en": "History", "ko": "이력"},
    "history-how": {
        "en": "{log}: {lines} of {size} lines, {chains} chains",
        "ko": "{log}: {size}줄 가운데 {lines}줄, 사슬 {chains}개",
    },
    "history-heads": {"en": "Heads", "ko": "머리값"},
    "history-heads-how": {
        "en": "{heads} signed heads, the newest of {at}, with the key {key}",
        "ko": "서명된 머리값 {heads}개, 마지막 서명 {at}, 열쇠 {key}",
    },
    "history-kept": {"en": "Kept heads", "ko": "보관된 머리값"},
    "history-kept-how": {"en": "{kept} agree", "ko": "{kept}개가 일치"},
    "history-stamped": {"en": "Time stamp", "ko": "시점확인"},
    "history-stamped-how": {"en": "{at}, over the first {size} lines", "ko": "{at}, 처음 {size}줄에 대하여"},
    "history-no-key": {
        "en": "Whose keys these are: the export brings its own. Compare them with what the agency publishes, or give "
        "--key.",
        "ko": "열쇠의 주인: 파일에 든 열쇠로 확인했습니다. 기관이 공개한 열쇠와 대조하거나 --key로 지정하십시오.",
    },
    "history-no-kept": {
        "en": "That it was not rewritten as a whole by somebody who has the key: give --heads with heads that others "
        "kept.",
        "ko": "열쇠를 가진 사람이 전체를 다시 쓰지 않았다는 것: 다른 곳에 보관된 머리값을 --heads로 지정하십시오.",
    },
    "history-beyond": {
        "en": "{beyond} of the kept heads cannot be compared with this export: it is older, or leaves out lines around "
        "them.",
        "ko": "보관된 머리값 가운데 {beyond}개는 비교할 수 없습니다. 파일이 더 오래되었거나 그 앞뒤 줄이 없습니다.",
    },
    "history-no-stamp": {
        "en": "When it was signed, but by the agency's own clock: give --authority with the root of its time-stamp "
        "authority.",
        "ko": "서명 시각은 기관의 시계에 따른 것입니다. 시점확인 기관의 최상위 인증서를 --authority로 지정하십시오.",
    },
    "certified": {
        "en": "This certificate of destruction is as it was signed.",
        "ko": "이 파기확인서는 서명된 그대로입니다.",
    },
    "case": {"en": "Case", "ko": "사건"},
    "url": {"en": "Address", "ko": "주소"},
    "captured": {"en": "Captured", "ko": "수집"},
    "captured-how": {
        "en": "{started} to {finished}, by {software}, mode: {mode}",
        "ko": "{started} ~ {finished}, {software}, 방식: {mode}",
    },
    "failed": {"en": "Not possible", "ko": "하지 못함"},
    "manifest": {"en": "Manifest", "ko": "목록"},
    "sealed": {"en": "Sealed", "ko": "봉인"},
    "sealed-how": {"en": "{at}, with the key {key}", "ko": "{at}, 열쇠 {key}"},
    "stamp": {"en": "Time stamp {number}", "ko": "시점확인 {number}"},
    "stamp-how": {
        "en": "{at}, by {authority} ({signer}), over {covers}",
        "ko": "{at}, {authority} ({signer}), 대상: {covers}",
    },
    "custody": {"en": "Custody", "ko": "보관 이력"},
    "custody-how": {
        "en": "{length} lines, unbroken, {first} to {last}: {actions}",
        "ko": "{length}줄, 끊김 없음, {first} ~ {last}: {actions}",
    },
    "made": {"en": "Bundle made", "ko": "묶음 작성"},
    "made-how": {
        "en": "{at}, by {by}; why: {why}; basis: {basis}; signed with the key {key}",
        "ko": "{at}, {by}. 목적: {why}. 근거: {basis}. 서명 열쇠 {key}",
    },
    "files": {"en": "Files", "ko": "파일"},
    "files-how": {
        "en": "{count}, each with the SHA-256 that the manifest or the bundle says",
        "ko": "{count}개, 모두 목록의 SHA-256과 같음",
    },
    "absent": {"en": "Digest only", "ko": "요약값만 보관"},
    "archive": {"en": "Web archive", "ko": "웹 보관 파일"},
    "destroyed": {"en": "Destroyed", "ko": "파기"},
    "destroyed-how": {
        "en": "{at}, {count} objects; ordered {ordered} by {by}; why: {why}; basis: {basis}",
        "ko": "{at}, {count}건. {ordered}에 {by} 지시. 사유: {why}. 근거: {basis}",
    },
    "method": {"en": "How", "ko": "방법"},
    "signed": {"en": "Signed with", "ko": "서명 열쇠"},
    "unproved": {"en": "What this does not prove:", "ko": "이것으로 증명되지 않는 것:"},
    "no-key": {
        "en": "Whose key it is. Compare {key} with the key that the agency publishes, or name that one with --key.",
        "ko": "열쇠의 주인. {key} 열쇠를 기관이 공개한 열쇠와 견주어 보거나, 공개된 열쇠를 --key로 지정하십시오.",
    },
    "no-root": {
        "en": "That the authorities of the time stamps are real: their certificates were taken from the bundle itself. "
        "Get them from the authorities, and name them with --authority.",
        "ko": "시점확인 기관이 진짜인지. 인증서를 묶음 안의 것으로 확인했습니다. "
        "기관에서 직접 받은 인증서를 --authority로 지정하십시오.",
    },
    "no-stamp": {
        "en": "When it was sealed: no time-stamp authority says so, the agency alone does.",
        "ko": "봉인된 때. 시점확인이 없어 기관 스스로의 말뿐입니다.",
    },
    "late": {
        "en": "That it was sealed at {sealed} already: the first time stamp is of {first}, and for the time between "
        "there is the word of the agency alone.",
        "ko": "{sealed}에 이미 봉인되어 있었는지. 첫 시점확인은 {first}의 것이고, 그 사이는 기관의 말뿐입니다.",
    },
    "ended": {
        "en": "That time stamp {number}, of {authority}, still holds by itself: its certificate ended, and nothing "
        "renewed it before.",
        "ko": "시점확인 {number}({authority})이 지금도 유효한지. 인증서 기간이 끝났고 그 전에 갱신되지 않았습니다.",
    },
    "folder": {
        "en": "That the folder is all that the bundle was. Check the file {name} where you have it.",
        "ko": "이 폴더가 묶음의 전부인지. 원래 파일({name})이 있으면 그 파일로 확인하십시오.",
    },
    "ots-unchecked": {
        "en": "seal.json.ots, the OpenTimestamps proof: checking it needs the Python package opentimestamps.",
        "ko": "seal.json.ots(OpenTimestamps 증명). 확인하려면 파이썬 패키지 opentimestamps가 필요합니다.",
    },
    "ots-pending": {
        "en": "seal.json.ots is a promise of calendars that a Bitcoin block will follow.",
        "ko": "seal.json.ots는 비트코인 블록에 기록될 것이라는 약속까지만 담고 있습니다.",
    },
    "ots-bitcoin": {
        "en": "That the Bitcoin block that seal.json.ots leads to exists: look it up with any OpenTimestamps client.",
        "ko": "seal.json.ots가 가리키는 비트코인 블록이 있는지. OpenTimestamps 프로그램으로 확인하십시오.",
    },
    "page": {
        "en": "That what the page said is true. Proved is what the agency captured, and that it has not changed since.",
        "ko": "페이지 내용이 사실인지. 증명된 것은 기관이 무엇을 수집했는지와, 그 뒤로 바뀌지 않았다는 것입니다.",
    },
    "copies": {
        "en": "That nobody else has copies: the agency destroyed what it had itself.",
        "ko": "다른 곳에 사본이 없는지. 기관이 스스로 가진 것을 파기했음을 뜻합니다.",
    },
}

# What the format names by a word, in the reader's language; a word that is not here is shown as it stands.
NAMES: Mapping[str, str] = {
    "full": "전체",
    "hash-only": "요약값만",
    "collected": "수집",
    "sealed": "봉인",
    "stamped": "시점확인",
    "viewed": "열람",
    "copied": "복사",
    "exported": "반출",
    "held": "보존",
    "released": "보존 해제",
    "destroyed": "파기",
}
