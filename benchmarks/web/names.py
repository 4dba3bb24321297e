"""Names and addresses of the hosts of the corpus."""

ADDRESSES = 200
WEB_PORT = 80
CONTROL = b"control.test"  # the server itself, for whoever measures


def name(number: int) -> str:
    return f"host-{number}.corpus.test"


def address(number: int) -> str:
    return f"127.66.0.{number % ADDRESSES + 1}"


def netloc(host: str, port: int) -> str:
    return host if port == WEB_PORT else f"{host}:{port}"


def hosts_file(hosts: int) -> str:
    return "".join(f"{address(number)} {name(number)}\n" for number in range(hosts))
