"""HTTP/2 (RFC 9113) on a connection. The h2 library keeps its state and refuses floods of its own frames."""

import logging
import re
from asyncio import Transport

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import DenialOfServiceError, H2Error, InvalidBodyLengthError
from h2.settings import SettingCodes, Settings

from shared.net.asked import Asked
from shared.net.failures import Fault
from shared.net.wire import MAX_HEADER_BYTES, Pace, Unanswered, Wire

logging.getLogger("hpack").setLevel(logging.INFO)  # its debug lines hold every header, secrets among them

WINDOW = 1024 * 1024  # bytes that may be on their way: 10 MB/s at 100 ms, and no page waits for an update
LAST_STREAM = 2_001  # after a thousand requests, as servers do: what is kept of each of them would only grow
STATUS = re.compile(rb"[1-9][0-9]{2}")
NOT_IN_H2 = frozenset({"connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})
CONFIG = H2Configuration(client_side=True, header_encoding=None)
SETTINGS = {
    SettingCodes.ENABLE_PUSH: 0,
    SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
    SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEADER_BYTES,
}


class Http2(Wire):
    http_version = "HTTP/2"

    def __init__(self, transport: Transport, address: str, pace: Pace) -> None:
        super().__init__(transport, address, pace)
        self._state = H2Connection(CONFIG)
        self._state.local_settings = Settings(client=True, initial_values=SETTINGS)
        self._state.initiate_connection()
        self._state.increment_flow_control_window(WINDOW)
        self._stream = 0
        self._flush()

    def _send(self, asked: Asked) -> None:
        self._stream = self._state.get_next_available_stream_id()
        self._lasting = self._stream < LAST_STREAM
        pseudo = (":method", "GET"), (":scheme", asked.origin.scheme), (":authority", asked.authority)
        headers = [(name.lower(), value) for name, value in asked.headers]
        sent = [*pseudo, (":path", asked.path), *(field for field in headers if field[0] not in NOT_IN_H2)]
        try:
            self._state.send_headers(
                self._stream, [(name.encode(), value.encode("latin-1")) for name, value in sent], end_stream=True
            )
        except H2Error as error:  # it has closed its side, or allows no stream any more
            raise Unanswered(f"{asked.url}: the server takes no further request ({error})") from error
        self._flush()

    def _read(self, data: bytes) -> None:
        try:
            for event in self._state.receive_data(data):
                self._take(event)
        except DenialOfServiceError as error:
            self._fail(Fault.HEADERS, f"headers beyond all measure ({error})")
        except InvalidBodyLengthError as error:
            fault = Fault.TRUNCATED if error.actual_length < error.expected_length else Fault.PROTOCOL
            self._fail(fault, f"the body is not as long as it said ({error})")
        except H2Error as error:
            self._fail(Fault.PROTOCOL, f"this is not HTTP/2 ({error})")
        self._flush()

    def _ends_with_connection(self) -> bool:
        return False

    def _take(self, event: Event) -> None:
        match event:
            case DataReceived():
                self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case ConnectionTerminated():
                self._lasting = False
        if not self._under_way() or getattr(event, "stream_id", self._stream) != self._stream:
            return
        match event:
            case ResponseReceived() | InformationalResponseReceived():
                self._take_headers(event)
            case DataReceived():
                self._piece(bytes(event.data))
            case StreamEnded():
                self._end()
            case StreamReset(error_code=ErrorCodes.REFUSED_STREAM):
                self._not_taken("refuses the request")
            case StreamReset():
                self._fail(Fault.TRUNCATED, f"the answer was broken off (error {event.error_code})")
            case ConnectionTerminated() if event.last_stream_id is not None and event.last_stream_id < self._stream:
                self._not_taken(f"says good-bye (error {event.error_code})")

    def _not_taken(self, what: str) -> None:
        """The server says that it did nothing about the request (RFC 9113, 6.8 and 8.7)."""
        self._settle(Unanswered(f"{self._asked.url}: the server {what}"))
        self.close()

    def _take_headers(self, event: ResponseReceived | InformationalResponseReceived) -> None:
        for name, value in event.headers:
            if bytes(name) == b":status":
                if not STATUS.fullmatch(value):
                    return self._fail(Fault.PROTOCOL, "a status that is no number of three digits")
                self._status = int(value)
            else:
                self._header(bytes(name).decode("latin-1"), bytes(value).decode("latin-1"))
        if isinstance(event, InformationalResponseReceived):
            self._interim_answer()

    def _flush(self) -> None:
        if (waiting := self._state.data_to_send()) and not self._transport.is_closing():
            self._transport.write(waiting)
