"""What must be found, and what became of it: the answer sheet, as JSON values."""

from sandbox.live import LivePost, LiveWorld
from sandbox.model import Behaviour
from sandbox.operators import Operators

Json = dict[str, object]


class Truth:
    """Reads the live world; `port` is that of all addresses."""

    def __init__(self, live: LiveWorld, operators: Operators, port: int) -> None:
        self._live, self._operators, self._port = live, operators, port

    def as_json(self) -> Json:
        """Only what must be found. `complete`: no further post will appear."""
        timed, reuploads = self._live.pending()
        return {
            "complete": timed + reuploads == 0,
            "pending_timed": timed,
            "pending_reuploads": reuploads,
            "posts": [self._finding(live) for live in self._live.posts.values() if live.post.finding],
        }

    def every_post(self) -> list[Json]:
        """All posts, harmless ones too."""
        return [
            {
                "url": self._url(live.post.key),
                "host": live.post.host,
                "status": live.status,
                "must_be_found": live.post.finding is not None,
            }
            for live in self._live.posts.values()
        ]

    def _finding(self, live: LivePost) -> Json:
        post = live.post
        host = self._live.hosts[post.host]
        operator = self._operators.behaviours[host.name]
        known = post.picture if post.picture and post.picture.known else None
        return {
            "url": self._url(post.key),
            "also_at": self._also_at(live, operator),
            "kind": post.finding,
            "known": known.source if known else None,
            "transform": known.transform if known else None,
            "language": host.language,
            "host": host.name,
            "abuse_email": host.abuse_address,
            "operator": operator,
            "honest": operator.honest,
            "appears_at": live.appears_at,
            "reupload_of": self._url(post.reupload_of) if post.reupload_of else None,
            "status": live.status,
            "removed_at": live.removed_at,
        }

    def _also_at(self, live: LivePost, operator: Behaviour) -> list[str]:
        """Other addresses of the same content: print view, picture, thumbnail."""
        post = live.post
        targets = [f"{post.path}?view=print"] if self._live.hosts[post.host].behaviour is Behaviour.PRETEND else []
        if post.picture:
            targets += [post.media_path, post.thumb_path]
        return [self._url(post.host + target) for target in targets]

    def _url(self, key: str) -> str:
        host, _, path = key.partition("/")
        return f"http://{host}:{self._port}/{path}"
