"""Sheets, Drive and the token endpoint of Google, on loopback. Strict: what the descriptions do not have is refused, in
requests as in our own answers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from standins.google.answers import parse_input, parse_range, spreadsheet, value_range
from standins.google.batch import apply_batch, write_cell
from standins.google.compute import Values, compute
from standins.google.description import Call, NotDescribed, load
from standins.google.drive import Drive
from standins.google.faults import HTML, Fault, Faults
from standins.google.grid import Json, Refused, Spreadsheet, invalid
from standins.google.identity import Identities
from standins.google.masks import Mask, apply_mask, check_mask, parse_mask, wants

_LEGACY = "https://www.googleapis.com/auth/"


class StandIn:
    """The whole of it. `problems` lists what broke the descriptions; a test that ends with any of them has failed."""

    def __init__(self, compute_formulas: bool = True) -> None:
        self.drive, self.identities, self.faults = Drive(), Identities(), Faults()
        self.calls: list[str] = []
        self.problems: list[str] = []
        self.sizes: list[int] = []
        self.computes = compute_formulas
        self.url = ""
        self._lock = threading.RLock()
        self._values: dict[str, tuple[Spreadsheet, Values]] = {}
        self._told: dict[str, tuple[Spreadsheet, bytes]] = {}
        self._apis = [load("sheets.v4.json"), load("drive.v3.json")]

    @property
    def token_uri(self) -> str:
        return f"{self.url}/token"

    def count(self, prefix: str = "sheets.") -> int:
        return sum(call.startswith(prefix) for call in self.calls)

    def book(self, file_id: str) -> Spreadsheet:
        return self.drive.books[file_id]

    def edit(self, file_id: str, *requests: Json) -> list[Json]:
        """What a person does in the browser, at once and without a call."""
        with self._lock:
            book, replies = apply_batch(self.book(file_id), list(requests), self._apis[0])
            self._store(book)
        return replies

    def values(self, book: Spreadsheet) -> Values:
        held = self._values.get(book.id)
        if held is None or held[0] is not book:
            nothing = {"stringValue": ""}
            found = compute(book) if self.computes else _Nothing(nothing)
            held = self._values[book.id] = (book, found)
        return held[1]

    def _store(self, book: Spreadsheet) -> None:
        self.drive.books[book.id] = book
        about = self.drive.files[book.id]
        about["version"] = str(int(about["version"]) + 1)

    def match(self, verb: str, path: str, query: dict[str, list[str]]) -> Call | None:
        return next((call for api in self._apis if (call := api.match(verb, path, query))), None)

    def content(self, call: Call, body: Json | None, header: str) -> bytes:
        """What the call gives, as it is sent. A sheet that nobody changed since is not put into words again."""
        if call.id != "sheets.spreadsheets.get":
            return json.dumps(self.answer(call, body, header)).encode()
        with self._lock:
            book, asked = self._opened(call, self._caller(call, header)), json.dumps([call.path, call.query])
            held = self._told.get(asked)
            if held is None or held[0] is not book:
                held = self._told[asked] = (book, json.dumps(self.answer(call, body, header)).encode())
            return held[1]

    def answer(self, call: Call, body: Json | None, header: str) -> Json:
        """What the call gives. Raises Refused."""
        mail = self._caller(call, header)
        mask = self._mask(call)
        if body is not None and "request" in call.method:
            call.api.check(call.method["request"]["$ref"], body, request=True)
        with self._lock:
            found = self._drive(call, body or {}, mail) if call.id.startswith("drive") else None
            found = found if found is not None else self._sheets(call, body or {}, mail, mask)
        answer = dict(apply_mask(mask, found))
        call.api.check(call.method["response"]["$ref"], answer, request=False)
        return answer

    def _mask(self, call: Call) -> Mask:
        text = call.text("fields")
        if not text:
            return {}
        mask = parse_mask(text)
        check_mask(mask, call.api, call.method["response"]["$ref"])
        return mask

    def _caller(self, call: Call, header: str) -> str:
        holder = self.identities.holder(header)
        if holder is None:
            told = "Request had invalid authentication credentials. Expected OAuth 2 access token."
            raise Refused(401, "UNAUTHENTICATED", told)
        if holder.scopes and not holder.scopes & set(call.method["scopes"]):
            detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
            told = "Request had insufficient authentication scopes."
            raise Refused(403, "PERMISSION_DENIED", told, detail)
        return holder.mail

    def _drive(self, call: Call, body: Json, mail: str) -> Json:
        if call.id == "drive.files.create":
            return self.drive.create(call, body, mail)
        if call.id == "drive.files.list":
            return self.drive.list(call, mail)
        if call.id == "drive.files.get":
            return self.drive.get(call, mail)
        return self.drive.share(call, body, mail)

    def _opened(self, call: Call, mail: str) -> Spreadsheet:
        """The spreadsheet that a call names. Raises Refused where `mail` may not do this."""
        file_id = call.path["spreadsheetId"]
        if file_id not in self.drive.books:
            raise Refused(404, "NOT_FOUND", "Requested entity was not found.")
        writes = call.method["httpMethod"] != "GET"
        role = self.drive.role(file_id, mail)
        if not role or (writes and role not in ("owner", "writer")):
            raise Refused(403, "PERMISSION_DENIED", "The caller does not have permission")
        if self.drive.files[file_id].get("office"):
            told = "This operation is not supported for this document. The document must not be an Office file."
            raise Refused(400, "FAILED_PRECONDITION", told)
        return self.book(file_id)

    def _sheets(self, call: Call, body: Json, mail: str, mask: Mask) -> Json:
        book = self._opened(call, mail)
        if call.id == "sheets.spreadsheets.get":
            return self._get(call, book, mask)
        if call.id == "sheets.spreadsheets.batchUpdate":
            if body.get("includeSpreadsheetInResponse"):
                raise NotImplementedError("the spreadsheet in the answer")
            changed, replies = apply_batch(book, body.get("requests", []), call.api)
            self._store(changed)
            return {"spreadsheetId": book.id, "replies": replies}
        return self._call_values(call, book, body)

    def _get(self, call: Call, book: Spreadsheet, mask: Mask) -> Json:
        grid: Mask = mask or ({} if call.flag("includeGridData") else {"spreadsheetId": {}, "properties": {}})
        if not mask and not call.flag("includeGridData"):
            grid = {"sheets": {"properties": {}}}
        cell = ("sheets", "data", "rowData", "values")
        needed = wants(grid, *cell, "effectiveValue") or wants(grid, *cell, "formattedValue")
        values = self.values(book) if needed else {}
        address = f"https://docs.google.com/spreadsheets/d/{book.id}/edit"
        return spreadsheet(book, values, grid, call.query.get("ranges", []), address)

    def _call_values(self, call: Call, book: Spreadsheet, body: Json) -> Json:
        verb = call.id.rpartition(".")[2]
        if verb == "get":
            return value_range(book, unquote(call.path["range"]), self.values(book), call.text("valueRenderOption"))
        if verb == "batchGet":
            values, render = self.values(book), call.text("valueRenderOption")
            ranges = [value_range(book, text, values, render) for text in call.query.get("ranges", [])]
            return {"spreadsheetId": book.id, "valueRanges": ranges}
        option = call.text("valueInputOption") or body.get("valueInputOption", "")
        given = [{**body, "range": unquote(call.path["range"])}] if verb == "update" else body.get("data", [])
        if option not in ("RAW", "USER_ENTERED"):
            raise invalid("'valueInputOption' is required but not specified")
        work, done = book.copy(), []
        for each in given:
            title, (top, _, left, _) = parse_range(each["range"], None)
            rows = each.get("values", [])
            for down, row in enumerate(rows):
                for right, value in enumerate(row):
                    entered = {"userEnteredValue": parse_input(value, option)}
                    write_cell(work.titled(title), top + down, left + right, {"userEnteredValue": {}}, entered)
            cells = sum(map(len, rows))
            done.append({"spreadsheetId": book.id, "updatedRange": each["range"], "updatedCells": cells})
        self._store(work)
        return done[0] if verb == "update" else {"spreadsheetId": book.id, "responses": done}


class _Nothing(dict[Any, Any]):
    """Every formula shows the same: for benchmarks, which do not measure this server."""

    def __init__(self, value: Json) -> None:
        self._value = value

    def __missing__(self, key: object) -> Json:
        return self._value


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    standin: StandIn

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def _serve(self, verb: str) -> None:
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts.path == "/token":
            form = {name: values[-1] for name, values in parse_qs(content.decode()).items()}
            code, told = self.standin.identities.exchange(form)
            self._send(code, json.dumps(told).encode())
            return
        try:
            call = self.standin.match(verb, parts.path, parse_qs(parts.query, keep_blank_values=True))
        except NotDescribed as error:
            self._refuse(invalid(str(error)))
            self.standin.problems.append(f"{verb} {self.path}: {error}")
            return
        if call is None:
            self.standin.problems.append(f"{verb} {self.path}: no such method")
            self._send(404, HTML.replace("502", "404").encode(), {"Content-Type": "text/html; charset=UTF-8"})
            return
        self.standin.calls.append(call.id)
        self.standin.sizes.append(len(content))
        self._carry_out(call, content, self.standin.faults.take(call.id))

    def _carry_out(self, call: Call, content: bytes, fault: Fault | None) -> None:
        if fault and fault.kind == "then" and fault.action:
            fault.action()
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault and fault.kind == "cut-before":
            self.close_connection = True
            return
        if fault and fault.kind == "status":
            refused = Refused(fault.code, fault.status, fault.message, *fault.details)
            refused.reason = fault.reason  # type: ignore[attr-defined]
            self._refuse(refused, fault.headers)
            return
        if fault and fault.kind == "html":
            self._send(502, HTML.encode(), {"Content-Type": "text/html; charset=UTF-8"})
            return
        try:
            body = json.loads(content) if content else None
            answer = self.standin.content(call, body, self.headers.get("Authorization", ""))
        except Refused as error:
            self._refuse(error)
            return
        except NotDescribed as error:
            self.standin.problems.append(f"{call.id}: {error}")
            self._refuse(invalid(f"Invalid JSON payload received. {error}"))
            return
        except Exception as error:  # noqa: BLE001 - what breaks the stand-in must fail the test, not hang it
            self.standin.problems.append(f"{call.id}: {type(error).__name__}: {error}")
            self._refuse(Refused(501, "UNIMPLEMENTED", f"The stand-in does not know this: {error}"))
            return
        if fault and fault.kind == "cut-after":
            self.close_connection = True
            return
        if fault and fault.kind == "lost":
            self._refuse(Refused(503, "UNAVAILABLE", "The service is currently unavailable."))
            return
        self._send(200, answer, half=bool(fault and fault.kind == "truncated"))

    def _refuse(self, error: Refused, headers: dict[str, str] | None = None) -> None:
        body: Json = {"code": error.code, "message": error.message, "status": error.status}
        if error.details:
            body["details"] = list(error.details)
        reason = getattr(error, "reason", "")
        if reason:
            body["errors"] = [{"message": error.message, "domain": "global", "reason": reason}]
        self._send(error.code, json.dumps({"error": body}).encode(), headers)

    def _send(self, code: int, body: bytes, headers: dict[str, str] | None = None, *, half: bool = False) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": "application/json; charset=UTF-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)
        if half:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def running(standin: StandIn | None = None) -> Iterator[StandIn]:
    """The stand-in on a free port of loopback until the block ends."""
    standin = standin or StandIn()
    handler = type("Handler", (_Handler,), {"standin": standin})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    standin.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
