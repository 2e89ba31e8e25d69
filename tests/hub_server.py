"""A server that speaks the Hugging Face hub's protocol as far as uploads need it."""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import yaml

TOKEN = "hf_" + "secret" * 6
_PATH = re.compile(r"/api/(datasets|models)/([^/]+/[^/]+)(?:/(preupload|commit|tree|revision)/.*)?")


class HubServer:
    """Repositories by name, and what was asked; set `failing` to let commits fail."""

    def __init__(self):
        self.files: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.commits: list[tuple[list[str], list[str]]] = []
        self.requests: list[str] = []
        self.failing = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, name: str, *, private: bool = True, **files: bytes) -> None:
        self.files[name], self.private[name] = dict(files), private

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def create(self, asked: dict) -> tuple[int, dict]:
        name = f"{asked['organization']}/{asked['name']}"
        kind = "datasets/" if asked.get("type") == "dataset" else ""
        answer = {"url": f"{self.address}/{kind}{name}", "id": name}
        if name in self.files:
            return 409, answer
        self.add(name, private=asked.get("visibility") == "private" or asked.get("private", False))
        return 200, answer

    def describe(self, name: str) -> tuple[int, dict]:
        siblings = [{"rfilename": path} for path in self.files[name]]
        head = {"id": name, "private": self.private[name], "sha": "0" * 40}
        return 200, {**head, "siblings": siblings, "lastModified": "2026-01-01T00:00:00.000Z"}

    def tree(self, name: str) -> tuple[int, list]:
        return 200, [
            {"type": "file", "path": path, "size": len(content), "oid": _oid(content)}
            for path, content in self.files[name].items()
        ]

    def preupload(self, name: str, asked: dict) -> tuple[int, dict]:
        there = self.files[name]
        files = [
            {
                "path": file["path"],
                "uploadMode": "regular",
                "shouldIgnore": False,
                "oid": _oid(there[file["path"]]) if file["path"] in there else None,
            }
            for file in asked["files"]
        ]
        return 200, {"files": files}

    def commit(self, name: str, lines: list[dict]) -> tuple[int, dict]:
        if self.failing:
            self.failing -= 1
            return 400, {"error": "the disk of the hub is full"}
        added, deleted = [], []
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.files[name][value["path"]] = base64.b64decode(value["content"])
                added.append(value["path"])
            elif line["key"] == "deletedFile":
                del self.files[name][value["path"]]
                deleted.append(value["path"])
        self.commits.append((added, deleted))
        address = f"{self.address}/datasets/{name}/commit/{'0' * 40}"
        return 200, {"commitUrl": address, "commitOid": "0" * 40, "success": True}

    def validate(self, asked: dict) -> tuple[int, dict]:
        head = yaml.safe_load(asked["content"].split("---\n")[1])
        good = isinstance(head, dict) and head.get("license")
        return (200 if good else 400), {"errors": [] if good else [{"message": "no licence"}],
                                        "warnings": []}  # fmt: skip

    def answer(self, path: str, body: bytes) -> tuple[int, object]:
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        if path == "/api/validate-yaml":
            return self.validate(json.loads(body))
        found = _PATH.fullmatch(path)
        if not found or found[2] not in self.files:
            return 404, {"error": "Repository not found"}
        name, what = found[2], found[3]
        if what == "preupload":
            return self.preupload(name, json.loads(body))
        if what == "commit":
            return self.commit(name, [json.loads(line) for line in body.splitlines()])
        return self.tree(name) if what == "tree" else self.describe(name)


def _oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _handler(hub: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = urlsplit(self.path).path
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            hub.requests.append(f"{self.command} {path}")
            status, answer = 401, {"error": "Invalid username or password."}
            if self.headers.get("Authorization") == f"Bearer {TOKEN}":
                status, answer = hub.answer(path, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    return Handler
