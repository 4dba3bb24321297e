"""HTTP/1.1 (RFC 9112) on a connection. llhttp reads it, strictly: what is ambiguous is an error, not a guess."""

import httptools

from shared.net.asked import Asked
from shared.net.failures import Fault
from shared.net.wire import MAX_HEADER_BYTES, Wire


class Http1(Wire):
    http_version = "HTTP/1.1"

    def _send(self, asked: Asked) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)  # 2.2 allows it, browsers take it
        self._in_body = False  # headers that come now are trailers, which nobody wants
        self._framed = False  # the answer says where it ends
        headers = "".join([f"{name}: {value}\r\n" for name, value in asked.headers])
        head = f"GET {asked.path} HTTP/1.1\r\nHost: {asked.authority}\r\n{headers}\r\n"
        self._transport.write(head.encode("latin-1"))

    def _read(self, data: bytes) -> None:
        if not self._under_way():
            self.close()  # nobody asked for this: it must not become the answer to the next request
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(Fault.PROTOCOL, "it wants to speak another protocol")
        except httptools.HttpParserError as error:
            self._fail(Fault.PROTOCOL, f"this is not HTTP ({error})")
        if not self._in_body and self._received > MAX_HEADER_BYTES:
            self._fail(Fault.HEADERS, f"more than {MAX_HEADER_BYTES} bytes of headers")

    def _ends_with_connection(self) -> bool:
        return self._in_body and not self._framed

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._in_body:
            self._lasting = False  # a second answer to one request

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_body:
            self._header(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._in_body or self._status < 200:
            return
        self._in_body = True
        for name, value in self._headers:
            match name.lower():
                case "content-length":
                    self._framed = True
                    if self._asked.whole and value.isdecimal() and int(value) > self._asked.limit:
                        self._end(ended=False)
                case "transfer-encoding" if "chunked" in value.lower():
                    self._framed = True

    def on_body(self, data: bytes) -> None:
        if self._under_way():
            self._piece(data)

    def on_message_complete(self) -> None:
        if not self._in_body:
            self._interim_answer()
        elif self._under_way():
            self._lasting = self._lasting and self._parser.should_keep_alive()
            self._end()
