"""One headless Chromium for all tests, driven through its debugging pipe."""

import json
import os
import shutil
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-sync", "--disable-background-networking", "--disable-component-update",
    "--disable-dev-shm-usage", "--allow-file-access-from-files", "--remote-debugging-pipe",
)  # fmt: skip
# Events that scripts have caused by now, such as unfolding, come before this.
_SETTLED_PAGE = """
    new Promise((done) => setTimeout(() => setTimeout(done)))
        .then(() => document.documentElement.outerHTML)
"""


class Browser:
    """A Chromium that shows one page after the other, each in a fresh tab."""

    def __init__(self, profile: Path) -> None:
        commands_in, commands_out = os.pipe()
        answers_in, answers_out = os.pipe()
        # Chromium takes commands from descriptor 3 and answers on 4.
        redirected = f'exec "$@" 3<&{commands_in} 4>&{answers_out}'
        self._process = subprocess.Popen(
            ["bash", "-c", redirected, "bash", CHROMIUM, f"--user-data-dir={profile}", *_FLAGS],
            pass_fds=(commands_in, answers_out),
            stderr=subprocess.DEVNULL,
        )
        os.close(commands_in)
        os.close(answers_out)
        self._commands = os.fdopen(commands_out, "wb", buffering=0)
        self._answers = os.fdopen(answers_in, "rb")
        self._numbers = count(1)
        self._reached: set[tuple[str, str]] = set()  # documents and what happened to them

    def load(self, address: str) -> str:
        """Return the document as it is after its scripts ran."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        session = attached["sessionId"]
        self._call("Page.enable", session)
        self._call("Page.setLifecycleEventsEnabled", session, enabled=True)
        document = self._call("Page.navigate", session, url=address)["loaderId"]
        while (document, "load") not in self._reached:
            self._read()
        options = {"awaitPromise": True, "returnByValue": True}
        shown = self._call("Runtime.evaluate", session, expression=_SETTLED_PAGE, **options)
        self._call("Target.closeTarget", targetId=target)
        return shown["result"]["value"]

    def close(self) -> None:
        self._commands.close()  # Chromium ends when nobody can command it any more
        self._process.wait()
        self._answers.close()

    def _call(self, method: str, session: str = "", /, **parameters: Any) -> dict[str, Any]:
        message = {"id": next(self._numbers), "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._commands.write(json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != message["id"]:
            pass
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def _read(self) -> dict[str, Any]:
        text = bytearray()
        while (piece := self._answers.read(1)) != b"\0":
            assert piece, "Chromium has ended"
            text += piece
        message = json.loads(text)
        if message.get("method") == "Page.lifecycleEvent":
            self._reached.add((message["params"]["loaderId"], message["params"]["name"]))
        return message
