"""Names and addresses of the hosts of the corpus."""

ADDRESSES = 200
CONTROL = b"control.test"  # the server itself, for whoever measures


def name(number: int) -> str:
    return f"host-{number}.corpus.test"


def address(number: int) -> str:
    return f"127.66.0.{number % ADDRESSES + 1}"


def hosts_file(hosts: int) -> str:
    return "".join(f"{address(number)} {name(number)}\n" for number in range(hosts))
