"""README.txt of a bundle: what this is and how to check it, in Korean and English."""

from datetime import datetime

from haetae_verify.canonical import moment

TEXT = """\
해태 (Haetae) 증거 묶음                                사건 {case_id}
================================================================

이 파일은 피해지원 기관이 온라인 게시물 하나를 수집해 봉인한 증거입니다. ({made_at} 작성)
report.pdf 를 먼저 보십시오. 수집한 화면은 가려져 있습니다.

들어 있는 것
  report.pdf        두 쪽 보고서 (한국어, 영어)
  manifest.json     수집한 모든 파일의 이름과 SHA-256 요약값
  seal.json         목록에 대한 기관의 전자서명 (Ed25519)
  stamps.json, stamp-N.tsr, authority-*.pem
                    시점확인(RFC 3161)과 그 기관의 인증서
  custody.json      보관 이력: 누가, 언제, 무엇을, 왜
  bundle.json       이 묶음의 모든 파일 목록과 기관의 서명
  evidence/         수집한 파일. evidence/page.wacz 는 replayweb.page 로 열립니다.

  주의: evidence/ 안에는 가리지 않은 원본이 들어 있습니다. 꼭 필요할 때만, 권한이 있는 사람만 여십시오.

바뀐 것이 없는지 확인하는 법 (인터넷 연결이 필요 없습니다)
  1. 파이썬 3.11 이상과 확인 프로그램(haetae_verify)을 기관의 공개 자료에서 받습니다.
  2. python -m haetae_verify {case_id}.haetae.zip --lang ko
  3. 화면에 나온 열쇠를 기관이 공개한 열쇠와 견줍니다.
  프로그램 없이 확인하는 법은 기관이 공개한 docs/bundle.md 에 있습니다.


Haetae evidence bundle                                 case {case_id}
================================================================

This file is evidence of one publication online, captured and sealed by a victim-support agency. (Made {made_at})
Look at report.pdf first. The picture of the page in it is redacted.

What it holds
  report.pdf        a report of two pages (Korean, English)
  manifest.json     name and SHA-256 digest of every captured file
  seal.json         the agency's signature over it (Ed25519)
  stamps.json, stamp-N.tsr, authority-*.pem
                    time stamps (RFC 3161), and the certificates of who gave them
  custody.json      the chain of custody: who did what, when and why
  bundle.json       the list of all files of this bundle, signed by the agency
  evidence/         the captured files. evidence/page.wacz opens in replayweb.page.

  Mind: evidence/ holds originals that nothing hides. Open them only where you must and may.

How to check that nothing was changed (offline)
  1. Get Python 3.11 or newer, and the verifier (haetae_verify) from what the agency publishes.
  2. python -m haetae_verify {case_id}.haetae.zip
  3. Compare the key that it shows with the key that the agency publishes.
  How to check it without that program is told in docs/bundle.md, which the agency publishes.
"""


def readme(case_id: str, made_at: datetime) -> bytes:
    """With the line ends that every editor of every system shows."""
    return TEXT.format(case_id=case_id, made_at=moment(made_at)).replace("\n", "\r\n").encode()
