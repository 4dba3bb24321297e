"""Every sentence that names something wrong, in English and Korean. `{part}` is the file of the bundle."""

from collections.abc import Mapping

from haetae_verify.history_sentences import HISTORY

SENTENCES: Mapping[str, Mapping[str, str]] = {
    # the container
    "name": {
        "en": "Entry {number} is called {part}, which is no name that a bundle may hold.",
        "ko": "{number}번째 항목의 이름 {part}: 묶음에 들어갈 수 없는 이름입니다.",
    },
    "order": {
        "en": "Entry {number}, {part}, must not come after {before}: README.txt, bundle.json, then all by name.",
        "ko": "{number}번째 항목 {part}: {before} 뒤에 올 수 없습니다. (README.txt, bundle.json, 나머지는 이름순)",
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
    "capitals": {
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
    # files and documents
    "unreadable": {
        "en": "{part} cannot be opened: {why}",
        "ko": "{part}: 열 수 없습니다. ({why})",
    },
    "kind": {
        "en": "{part} is a link or a folder, where a bundle holds files only.",
        "ko": "{part}: 링크이거나 폴더입니다. 묶음에는 파일만 들어갑니다.",
    },
    "missing": {
        "en": "{part} is missing.",
        "ko": "{part}: 파일이 없습니다.",
    },
    "stranger": {
        "en": "{part} does not belong to the bundle: nothing in it says what this file is.",
        "ko": "{part}: 묶음에 속하지 않는 파일입니다. 어느 문서에도 나오지 않습니다.",
    },
    "big": {
        "en": "{part} is larger than {most} KiB, which no such file of a bundle is.",
        "ko": "{part}: {most} KiB보다 큽니다. 묶음에서 이런 파일은 이렇게 클 수 없습니다.",
    },
    "canonical": {
        "en": "{part} was changed, or written by something else: {why}",
        "ko": "{part}: 바뀌었거나 다른 프로그램이 쓴 문서입니다. ({why})",
    },
    "format": {
        "en": "{part} has the format {found}; this program knows {known}.",
        "ko": "{part}: 형식이 {found}입니다. 이 프로그램은 {known} 형식을 압니다.",
    },
    "field": {
        "en": "{part}: {field} is missing, or not of the form: {form}",
        "ko": "{part}: {field} 항목이 없거나 정해진 꼴({form})이 아닙니다.",
    },
    "digest": {
        "en": "{part} was changed: its SHA-256 is {found}, and {by} says {listed}.",
        "ko": "{part}: 내용이 바뀌었습니다. SHA-256이 {found}인데 {by}에는 {listed}로 적혀 있습니다.",
    },
    "unlisted": {
        "en": "{part} is not listed in {by}: it was added later.",
        "ko": "{part}: {by}에 적혀 있지 않습니다. 나중에 넣은 파일입니다.",
    },
    "case": {
        "en": "{part} belongs to the case {other}, the bundle to the case {case}.",
        "ko": "{part}: 사건 {other}의 문서입니다. 이 묶음은 사건 {case}의 것입니다.",
    },
    # signatures and the seal
    "signature": {
        "en": "The signature of {part} is not right: {why}",
        "ko": "{part}의 서명이 맞지 않습니다. ({why})",
    },
    "stranger-key": {
        "en": "{part} was signed with the key {key}, which is none of the keys that you named.",
        "ko": "{part}: 지정하신 열쇠가 아니라 다른 열쇠 {key}로 서명되었습니다.",
    },
    "key": {
        "en": "{part} is no public key and no file with one: {why}",
        "ko": "{part}: 공개 열쇠도, 공개 열쇠가 든 파일도 아닙니다. ({why})",
    },
    "unknown-key": {
        "en": "{part} was signed with the key {key}, which bundle.json does not list as a key of the agency.",
        "ko": "{part}: bundle.json의 기관 열쇠 목록에 없는 열쇠 {key}로 서명되었습니다.",
    },
    "key-time": {
        "en": "{part} was signed at {at} with the key {key}, which was not in use then.",
        "ko": "{part}: {at}에 서명되었는데, 열쇠 {key}는 그때 쓰이지 않았습니다.",
    },
    "seal": {
        "en": "{part} was changed after it was sealed: the seal was put on another one.",
        "ko": "{part}: 봉인된 뒤에 바뀌었습니다. 봉인은 다른 목록에 대한 것입니다.",
    },
    "other-manifest": {
        "en": "{part} speaks of another manifest than the one that was sealed.",
        "ko": "{part}: 봉인된 것과 다른 목록을 가리킵니다.",
    },
    "early": {
        "en": "{part} says {at}, which is before the time in {before}: {moment}.",
        "ko": "{part}의 시각 {at}이 {before}의 시각 {moment}보다 앞섭니다.",
    },
    "not-kept": {
        "en": "{part} is in the bundle, although manifest.json says that it was not kept.",
        "ko": "{part}: manifest.json에는 보관하지 않은 것으로 적혀 있는데 묶음에 들어 있습니다.",
    },
    "manifest-name": {
        "en": "{part} lists {name}, which is no name a file can have here, or lists it twice.",
        "ko": "{part}: 쓸 수 없는 이름이거나 두 번 적힌 이름이 있습니다. ({name})",
    },
    "destroyed-early": {
        "en": "{part} says that the evidence was destroyed before anybody ordered it.",
        "ko": "{part}: 파기를 명하기 전에 파기했다고 적혀 있습니다.",
    },
    # time stamps
    "pem": {
        "en": "{part} holds no certificates that can be read: {why}",
        "ko": "{part}: 읽을 수 있는 인증서가 없습니다. ({why})",
    },
    "stamp-listed": {
        "en": "{part}: time stamp {number} has the wrong number or file, or covers what it cannot cover.",
        "ko": "{part}: {number}번 시점확인의 번호나 파일, 또는 그 대상이 맞지 않습니다.",
    },
    "stamp": {
        "en": "{part}, the time stamp of {authority} on {covers}, is not right: {why}",
        "ko": "{part}: {covers}에 대한 {authority}의 시점확인이 맞지 않습니다. ({why})",
    },
    "stamp-other": {
        "en": "{part}, the time stamp of {authority}, was given on something else than {covers}: one of the two was "
        "changed or exchanged.",
        "ko": "{part}: {authority}의 시점확인은 {covers}이 아닌 다른 것에 대한 것입니다. 둘 중 하나가 바뀌었습니다.",
    },
    "stamp-root": {
        "en": "{part}: the certificate of {authority} does not lead to a root that is trusted here, or was not valid "
        "at the time of the stamp: {why}. With --authority, name the root of that authority too.",
        "ko": "{part}: {authority}의 인증서가 신뢰하는 최상위 인증서로 이어지지 않거나 그때 유효하지 않았습니다. "
        "({why}) --authority를 쓰셨다면 그 기관의 최상위 인증서도 지정하십시오.",
    },
    "stamp-twice": {
        "en": "{part} is the same time stamp as {other}: one authority was made two.",
        "ko": "{part}: {other}과 같은 시점확인입니다. 하나를 둘로 꾸몄습니다.",
    },
    "stamps-many": {
        "en": "{part} lists more than {most} time stamps.",
        "ko": "{part}: 시점확인이 {most}개를 넘습니다.",
    },
    "stamp-early": {
        "en": "{part} was stamped at {at}, before what it covers was there: {covers}.",
        "ko": "{part}: 시점확인 시각 {at}이 그 대상({covers})이 생기기 전입니다.",
    },
    "stamp-time": {
        "en": "{part} says that time stamp {number} is of {listed}; the authority says {at}.",
        "ko": "{part}: {number}번 시점확인의 시각이 {listed}로 적혀 있는데 발행 기관은 {at}이라고 합니다.",
    },
    "ots": {
        "en": "{part}, the OpenTimestamps proof, is not right: {why}",
        "ko": "{part}: OpenTimestamps 증명이 맞지 않습니다. ({why})",
    },
    # custody
    "chain-line": {
        "en": "{part}: line {number} holds what no line holds, or lacks something.",
        "ko": "{part}: {number}번째 줄에 없어야 할 항목이 있거나 빠진 항목이 있습니다.",
    },
    "chain": {
        "en": "The chain of custody is broken at line {number}: it was changed or added, or one is missing before it.",
        "ko": "보관 이력이 {number}번째 줄에서 끊깁니다. 그 줄이 바뀌었거나 더해졌거나, 앞줄이 빠졌습니다.",
    },
    "chain-end": {
        "en": "The chain of custody has {length} lines and another end than bundle.json says ({listed} lines).",
        "ko": "보관 이력이 {length}줄이며 끝이 bundle.json과 다릅니다. ({listed}줄이어야 합니다)",
    },
    "chain-sealed": {
        "en": "The chain of custody never says that this manifest was sealed.",
        "ko": "보관 이력에 이 목록을 봉인했다는 줄이 없습니다.",
    },
    "chain-exported": {
        "en": "The chain of custody does not end with the line that {by} exported this bundle.",
        "ko": "보관 이력의 마지막 줄이 {by}의 이 묶음 반출이 아닙니다.",
    },
    # the web archive
    "wacz": {
        "en": "{part} is no web archive that can be checked: {why}",
        "ko": "{part}: 확인할 수 있는 웹 보관 파일이 아닙니다. ({why})",
    },
    "wacz-listed": {
        "en": "{part}: its list and its files differ at {name}.",
        "ko": "{part}: 웹 보관 파일의 목록과 내용이 {name}에서 다릅니다.",
    },
    "wacz-file": {
        "en": "{part}: {name} in it was changed.",
        "ko": "{part}: 안에 든 {name}이(가) 바뀌었습니다.",
    },
    # an audit history
    **HISTORY,
}
