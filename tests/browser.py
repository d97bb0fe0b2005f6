"""Headless Chromium by the W3C WebDriver protocol, of which a page's tests need a few words: no package for it."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Chromium as root, without a screen, and without looking for hosts of its own.
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)

#: Keys of the protocol that have no letter.
KEYS = {"Enter": "\ue007", "Tab": "\ue004", "ArrowUp": "\ue013", "ArrowDown": "\ue015", "Space": " "}


def installed() -> bool:
    """Whether this machine has Chromium and its driver."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


class Browser:
    """A window of Chromium.

    Attributes:
        address: of its session at the driver.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, path: str, **body: Any) -> Any:
        """One command of the protocol."""
        return _request(f"{self.address}/{path}", body)

    def chromium(self, command: str, **parameters: Any) -> Any:
        """One command of Chromium's own protocol."""
        return self.ask("goog/cdp/execute", cmd=command, params=parameters)

    def size(self, width: int, height: int, phone: bool = False) -> None:
        self.chromium("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone)
        self.chromium("Emulation.setTouchEmulationEnabled", enabled=phone)

    def dark(self, on: bool) -> None:
        self.chromium("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if on else "light"}])

    def open(self, page: Path, part: str = "") -> None:
        """Open a file, and wait until the page says that it is ready."""
        self.ask("url", url="about:blank")
        self.ask("url", url=f"{page.resolve().as_uri()}{part}")
        self.wait("document.documentElement.dataset.ready === 'yes' || !document.querySelector('script')")

    def run(self, script: str, *arguments: Any) -> Any:
        return self.ask("execute/sync", script=script, args=list(arguments))

    def wait(self, condition: str, seconds: float = 20.0) -> None:
        """Until an expression of JavaScript is true."""
        script = (
            "const [until, done] = arguments; const end = Date.now() + until; (function look() { let held = false;"
            f" try {{ held = {condition}; }} catch (error) {{ held = false; }}"
            " held ? done('') : Date.now() > end ? done('not within the time') : setTimeout(look, 30); })()"
        )
        said = self.ask("execute/async", script=script, args=[1000 * seconds])
        assert said == "", f"{condition}: {said}"

    def mouse(self, x: float, y: float, click: bool = False) -> None:
        """Move there, in pixels of the window, and press."""
        moved: list[dict[str, Any]] = [{"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}]
        pressed = [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")] if click else []
        self.ask(
            "actions", actions=[{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moved + pressed}]
        )

    def press(self, *keys: str) -> None:
        strokes = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("actions", actions=[{"type": "key", "id": "keyboard", "actions": strokes}])

    def complaints(self) -> list[str]:
        """Errors and warnings of the console since it was last asked."""
        return [entry["message"] for entry in self.ask("se/log", type="browser") if entry["level"] in ("SEVERE", "WARNING")]

    def picture(self, file: Path, whole: bool = False) -> None:
        """What is seen, or the whole length of the page, as PNG."""
        file.write_bytes(base64.b64decode(self.chromium("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]))


@contextmanager
def browser(width: int = 1400, height: int = 900) -> Iterator[Browser]:
    """A window with a profile of its own, closed at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            assert driver.stdout is not None
            port = next(found[1] for line in driver.stdout if (found := re.search(r"started successfully on port (\d+)", line)))
            chromium = {
                "args": [*_FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"],
                "binary": shutil.which("chromium"),
            }
            wanted = {"goog:chromeOptions": chromium, "goog:loggingPrefs": {"browser": "ALL"}}
            session = _request(f"http://127.0.0.1:{port}/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
            window = Browser(f"http://127.0.0.1:{port}/session/{session}")
            window.ask("timeouts", script=60_000)
            window.size(width, height)
            yield window
            urllib.request.urlopen(urllib.request.Request(window.address, method="DELETE")).close()
        finally:
            driver.terminate()
            driver.wait()
            if driver.stdout is not None:
                driver.stdout.close()


def _request(address: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise AssertionError(json.load(error)["value"]["message"]) from None
