"""What is wrong with an audit history, in English and Korean. `{place}`: counted through the whole history."""

from collections.abc import Mapping

LINE_EN = "Line {seq} of {chain} ({at}, {action}; place {place})"
LINE_KO = "{chain}의 {seq}번째 줄({at}, {action}, 전체에서 {place}번째)"

HISTORY: Mapping[str, Mapping[str, str]] = {
    "history-start": {
        "en": "{part} is no export of an audit history: it does not begin as one.",
        "ko": "{part}: 감사 이력을 내보낸 파일이 아닙니다. 시작 부분이 다릅니다.",
    },
    "history-row": {
        "en": "Row {row} of {part} was changed: {why}",
        "ko": "{part}의 {row}번째 행이 바뀌었습니다. ({why})",
    },
    "history-kept": {
        "en": "{part} holds no heads that can be read: {why}",
        "ko": "{part}: 읽을 수 있는 머리값이 없습니다. ({why})",
    },
    "history-changed": {
        "en": f"{LINE_EN} was changed: it has another hash than when it was chained.",
        "ko": f"{LINE_KO}: 내용이 바뀌었습니다. 이어질 때의 해시와 다릅니다.",
    },
    "history-missing": {
        "en": f"{LINE_EN} comes where number {{wanted}} must be: lines before it are missing.",
        "ko": f"{LINE_KO}: {{wanted}}번째 줄이 있어야 할 자리입니다. 그 앞의 줄이 빠졌습니다.",
    },
    "history-again": {
        "en": f"{LINE_EN} comes where number {{wanted}} must be: it was put there, or moved.",
        "ko": f"{LINE_KO}: {{wanted}}번째 줄이 있어야 할 자리입니다. 끼워 넣었거나 순서를 바꾼 것입니다.",
    },
    "history-moved": {
        "en": f"{LINE_EN} does not follow the line before it in its chain: one of the two was exchanged.",
        "ko": f"{LINE_KO}: 앞줄과 이어지지 않습니다. 둘 중 하나가 바뀌었습니다.",
    },
    "history-early": {
        "en": f"{LINE_EN} was written with a clock that stood back: a line before it is of {{latest}}.",
        "ko": f"{LINE_KO}: 시계가 뒤로 가 있을 때 기록되었습니다. 앞에 {{latest}}의 줄이 있습니다.",
    },
    "history-late": {
        "en": f"{LINE_EN} is later than the head that covers it, which was signed at {{signed}}.",
        "ko": f"{LINE_KO}: 이 줄을 포함한 머리값의 서명 시각 {{signed}}보다 나중입니다.",
    },
    "history-head": {
        "en": "The lines do not give the root of the head over {size} lines, signed at {signed}: something was "
        f"rewritten. The first line that no head vouches for: {LINE_EN}.",
        "ko": "{signed}에 {size}줄에 대해 서명된 머리값이 줄들과 맞지 않습니다. 다시 쓰인 것이 있습니다. "
        f"어느 머리값도 보증하지 않는 첫 줄: {LINE_KO}",
    },
    "history-kept-head": {
        "en": "The head that you keep over {size} lines, signed at {signed}, is of another history: this one was "
        f"rewritten. The first line that no kept head vouches for: {LINE_EN}.",
        "ko": "보관하고 계신 머리값({size}줄, {signed} 서명)은 이 이력의 것이 아닙니다. 이력이 다시 쓰였습니다. "
        f"보관된 머리값이 보증하지 않는 첫 줄: {LINE_KO}",
    },
    "history-head-place": {
        "en": "The head over {size} lines does not stand behind so many, or is of another history. The first line that "
        f"no head vouches for: {LINE_EN}.",
        "ko": "{size}줄에 대한 머리값이 제자리에 있지 않거나 다른 이력의 것입니다. "
        f"어느 머리값도 보증하지 않는 첫 줄: {LINE_KO}",
    },
    "history-head-clock": {
        "en": "The head over {size} lines says {signed}, which is not after the head before it: a clock was set back. "
        f"The first line that it covers alone: {LINE_EN}.",
        "ko": "{size}줄에 대한 머리값의 시각 {signed}이 앞의 머리값보다 늦지 않습니다. 시계를 되돌린 것입니다. "
        f"이 머리값만 보증하는 첫 줄: {LINE_KO}",
    },
    "history-fork": {
        "en": "Two of the heads that you keep are over {size} lines and have different roots: two histories were "
        "signed. They are one up to place {good}, where the last kept head agrees. The first line that can be of "
        f"either: {LINE_EN}.",
        "ko": "보관하고 계신 머리값 가운데 둘이 같은 {size}줄에 대해 서로 다릅니다. 두 가지 이력에 서명한 것입니다. "
        f"보관된 머리값이 맞는 곳은 전체에서 {{good}}번째까지입니다. 갈라졌을 수 있는 첫 줄: {LINE_KO}",
    },
    "history-signature": {
        "en": "The signature of the head over {size} lines, of {signed}, is not right. The first line that no head "
        f"vouches for: {LINE_EN}.",
        "ko": "{size}줄에 대한 머리값({signed})의 서명이 맞지 않습니다. "
        f"어느 머리값도 보증하지 않는 첫 줄: {LINE_KO}",
    },
    "history-key": {
        "en": "The head over {size} lines was signed with the key {key}, which is none of the keys that are known. The "
        f"first line that no head vouches for: {LINE_EN}.",
        "ko": "{size}줄에 대한 머리값이 알려진 열쇠가 아닌 {key}로 서명되었습니다. "
        f"어느 머리값도 보증하지 않는 첫 줄: {LINE_KO}",
    },
    "history-cut": {
        "en": "The export ends after {size} lines; it began as one of {whole}. The last line that is there: "
        f"{LINE_EN}. Everything from place {{missing}} on is missing.",
        "ko": "내보낸 파일이 {size}줄에서 끝납니다. {whole}줄이어야 합니다. 남아 있는 마지막 줄: "
        f"{LINE_KO}. 전체에서 {{missing}}번째부터의 줄이 없습니다.",
    },
    "history-unsigned": {
        "en": "No signed head stands at the end of the {size} lines. The first line that no head vouches for: "
        f"{LINE_EN}.",
        "ko": f"{{size}}줄 끝에 서명된 머리값이 없습니다. 어느 머리값도 보증하지 않는 첫 줄: {LINE_KO}",
    },
    "history-behind": {
        "en": "The export has {size} lines, but a head that you keep, signed at {signed} before the export was made, "
        f"is over {{kept}}: its end was cut off. The last line that is there: {LINE_EN}. Everything from place "
        "{missing} on is missing.",
        "ko": "내보낸 것은 {size}줄인데, 그 전인 {signed}에 서명된 보관 머리값은 {kept}줄에 대한 것입니다. 끝이 잘려 "
        f"나갔습니다. 남아 있는 마지막 줄: {LINE_KO}. 전체에서 {{missing}}번째부터의 줄이 없습니다.",
    },
}
