"""Every sentence that names something wrong, in English and Korean. `{part}` is the file of the bundle."""

from collections.abc import Mapping

SENTENCES: Mapping[str, Mapping[str, str]] = {
    # the container
    "name": {
        "en": "Entry {number} is called {part}, which is no name that a bundle may hold.",
        "ko": "{number}번째 항목의 이름 {part}: 묶음에 들어갈 수 없는 이름입니다.",
    },
    "order": {
        "en": "Entry {number}, {part}, stands in the wrong place: README.txt and bundle.json come first, then all by name.",
        "ko": "{number}번째 항목 {part}: 자리가 틀렸습니다. README.txt와 bundle.json이 먼저이고 나머지는 이름순입니다.",
    },
    "large": {
        "en": "{part}: a bundle holds less than 4 GiB.",
        "ko": "{part}: 묶음은 4 GiB보다 작아야 합니다.",
    },
    "many": {
        "en": "The bundle holds more than {most} files.",
        "ko": "묶음에 들어 있는 파일이 {most}개를 넘습니다.",
    },
    "start": {
        "en": "This is no evidence bundle: it does not begin as one.",
        "ko": "증거 묶음 파일이 아닙니다. 시작 부분이 다릅니다.",
    },
    "header": {
        "en": "The header before {part} was changed, or is not as this format has it.",
        "ko": "{part} 앞의 머리말이 바뀌었거나 형식에 맞지 않습니다.",
    },
    "cut": {
        "en": "The bundle ends in the middle of {part}: the rest is missing.",
        "ko": "묶음이 {part} 중간에서 끝납니다. 나머지가 없습니다.",
    },
    "checksum": {
        "en": "{part} was changed: its checksum is not the one that it was packed with.",
        "ko": "{part}: 내용이 바뀌었습니다. 묶을 때의 검사합과 다릅니다.",
    },
    "after": {
        "en": "Just after {part}, where the next file or the table at the end must begin, something was changed.",
        "ko": "{part} 바로 뒤, 다음 파일이나 끝 목록이 시작될 자리가 바뀌었습니다.",
    },
    "case": {
        "en": "{part} is in the bundle twice, in capitals and small letters.",
        "ko": "{part}: 대소문자만 다른 이름이 두 번 들어 있습니다.",
    },
    "directory": {
        "en": "The table at the end of the bundle was changed where it lists {part}.",
        "ko": "묶음 끝의 목록에서 {part} 항목이 바뀌었습니다.",
    },
    "end": {
        "en": "The end of the bundle was changed, or something was added to it.",
        "ko": "묶음의 끝부분이 바뀌었거나 무언가가 덧붙었습니다.",
    },
}
