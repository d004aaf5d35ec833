"""A real browser without a library: Chromium, spoken to over a pipe in the DevTools protocol."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import selectors
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SIDEBAR_WIDTH = 300
_PATIENCE = 60.0
"""Seconds until a test gives up waiting; nothing is measured with it."""
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --hide-scrollbars "
    "--disable-extensions --disable-background-networking --disable-component-update --disable-sync "
    "--force-color-profile=srgb --lang=en-GB"
)
# It reads orders from 3 and writes answers to 4.
_LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)

# google.script.run in the page: every call goes out through a binding, its answer comes back through an expression.
_BRIDGE = """
(() => {
  const waiting = new Map();
  const first = `${performance.timeOrigin} `;
  let last = 0;
  window.__answer = (id, good, value) => {
    if (!waiting.has(id)) return;  // asked by the page that was here before
    const { success, failure } = waiting.get(id);
    waiting.delete(id);
    if (good) success(value); else failure(new Error(value));
  };
  const runner = (success, failure) => new Proxy({}, {
    get: (_, name) => {
      if (name === 'withSuccessHandler') return (handler) => runner(handler, failure);
      if (name === 'withFailureHandler') return (handler) => runner(success, handler);
      return (...given) => {
        last += 1;
        const id = first + last;
        waiting.set(id, { success, failure });
        window.__call(JSON.stringify({ id, name, given }));
      };
    },
  });
  // The page's clock runs HURRY times as fast; what it asked for is kept.
  window.__waits = [];
  const slow = window.setTimeout.bind(window);
  window.setTimeout = (work, milliseconds, ...rest) => {
    window.__waits.push(milliseconds);
    return slow(work, milliseconds / HURRY, ...rest);
  };
  window.google = { script: { run: runner(() => {}, () => {}) } };
})();
"""


@dataclass
class Page:
    """One page. `answer` is what stands behind google.script.run; `calls` the names of what was called, `errors` what
    the page's console complained of."""

    to: int
    back: int
    answer: Callable[[str, list[Any]], Any]
    calls: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    hurry: int = 1
    session: str = ""
    _rest: bytes = b""
    _number: int = 0
    _waiting: deque[dict[str, Any]] = field(default_factory=deque)

    def send(self, method: str, **given: Any) -> dict[str, Any]:
        """One order; what happens meanwhile is dealt with."""
        self._number += 1
        order = {"id": self._number, "method": method, "params": given}
        if self.session:
            order["sessionId"] = self.session
        self._write(order)
        wanted = self._number
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            message = self._read(until)
            if message.get("id") == wanted:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])
            self._notice(message)
        raise AssertionError(f"{method}: no answer")

    def run(self, expression: str) -> Any:
        """The value of an expression in the page."""
        done = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, expression: str) -> Any:
        """Until the expression is true."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            self.serve()
            value = self.run(expression)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"never true: {expression}\n{self.text()}")

    def wait_for_text(self, text: str) -> None:
        self.wait(f"document.body.innerText.includes({json.dumps(text)})")

    def wait_for_call(self, name: str, times: int = 1) -> None:
        """Until the page called the script so often."""
        until = time.monotonic() + _PATIENCE
        while self.calls.count(name) < times:
            assert time.monotonic() < until, f"{name} was never called"
            self.run("true")
            self.serve()

    def text(self) -> str:
        return str(self.run("document.body.innerText"))

    def click(self, selector: str) -> None:
        self.wait(f"!!document.querySelector({json.dumps(selector)})")
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def click_entry(self, text: str) -> None:
        """The button that shows this text."""
        found = f"[...document.querySelectorAll('button')].find((b) => b.innerText.includes({json.dumps(text)}))"
        self.wait(f"!!({found})")
        self.run(f"({found}).click()")

    def press(self, key: str, **given: Any) -> None:
        codes = {"Tab": 9, "Enter": 13}
        about = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key], **given}
        text = {"text": "\r"} if key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", **about, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    def picture(self) -> bytes:
        """The whole page as PNG, twice as many pixels as points."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=SIDEBAR_WIDTH, height=100, deviceScaleFactor=2, mobile=False
        )
        height = self.run("Math.ceil(document.documentElement.scrollHeight)")
        self.send(
            "Emulation.setDeviceMetricsOverride", width=SIDEBAR_WIDTH, height=height, deviceScaleFactor=2, mobile=False
        )
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    def load(self, html: Path) -> None:
        self.send("Page.navigate", url=html.as_uri())
        self.wait(f"location.href === {json.dumps(html.as_uri())} && document.readyState === 'complete'")

    def serve(self) -> None:
        """Carry out the calls that wait."""
        while self._waiting:
            order = self._waiting.popleft()
            self.calls.append(order["name"])
            try:
                good, value = True, self.answer(order["name"], order["given"])
            except Exception as error:  # noqa: BLE001 - whatever breaks there is the page's failure
                good, value = False, str(error)
            arguments = f"{json.dumps(order['id'])}, {json.dumps(good)}, {json.dumps(value)}"
            self.run(f"__answer({arguments})")

    def start(self) -> None:
        """Attach to the browser's only tab."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")
        self.send("Runtime.addBinding", name="__call")
        self.send("Page.addScriptToEvaluateOnNewDocument", source=_BRIDGE.replace("HURRY", str(self.hurry)))
        self.send(
            "Emulation.setDeviceMetricsOverride", width=SIDEBAR_WIDTH, height=600, deviceScaleFactor=2, mobile=False
        )

    def _notice(self, message: dict[str, Any]) -> None:
        about = message.get("params", {})
        match message.get("method"):
            case "Runtime.bindingCalled":
                self._waiting.append(json.loads(about["payload"]))
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(about["exceptionDetails"]))
            case "Log.entryAdded" if about["entry"]["level"] == "error":
                self.errors.append(about["entry"]["text"])

    def _write(self, order: dict[str, Any]) -> None:
        content = json.dumps(order).encode() + b"\0"
        while content:
            content = content[os.write(self.to, content) :]

    def _read(self, until: float) -> dict[str, Any]:
        with selectors.DefaultSelector() as ready:
            ready.register(self.back, selectors.EVENT_READ)
            while b"\0" not in self._rest:
                assert ready.select(max(0.0, until - time.monotonic())), "the browser does not answer"
                part = os.read(self.back, 1 << 20)
                assert part, "the browser ended"
                self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(line))


@contextmanager
def browser(folder: Path, answer: Callable[[str, list[Any]], Any], hurry: int = 1) -> Iterator[Page]:
    """Chromium with an empty profile in `folder`, closed when the block ends. Its timers run `hurry` times as fast."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    program = shutil.which("chromium")
    assert program
    command = [program, *_FLAGS.split(), "--remote-debugging-pipe", f"--user-data-dir={folder}"]
    orders, answers = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out))
    process = subprocess.Popen(
        [sys.executable, "-c", _LAUNCH, str(orders), str(answers), *command],
        pass_fds=(orders, answers),
        env={**os.environ, "TZ": "UTC", "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for end in (theirs_in, theirs_out, orders, answers):
        os.close(end)
    page = Page(ours_out, ours_in, answer, hurry=hurry)
    try:
        page.start()
        yield page
        page.session = ""
        page.send("Browser.close")
        process.wait(_PATIENCE)
    finally:
        process.kill()
        process.wait()
        os.close(ours_out)
        os.close(ours_in)
