"""A server that speaks OpenAI's protocol, translates with Apertium and misbehaves on demand.

Asked for a score, it compares the translation with Apertium's.

`python -m tests.llm_server` prints its port. `POST /control` says how to misbehave, `GET /stats`
what it was asked.
"""

import json
import re
import subprocess
import sys
import threading
from difflib import SequenceMatcher
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).parent.parent
SOURCE = re.compile(r"English: (.*)\n")
JUDGED = re.compile(r"Translation: (.*)\nScore:")
STRICTER = "could not be used"
TOKEN = re.compile(r"\w+|[^\w\s]")

# What is said in place of a translation: of the source and the translation.
HABITS = {
    "refusal": lambda source, good: "I'm sorry, but I can't help with that.",
    "spanish refusal": lambda source, good: "Lo siento, pero no puedo ayudar con eso.",
    "preamble": lambda source, good: f"Sure! Here is the translation: {good}",
    "spanish preamble": lambda source, good: f"Aquí tienes la traducción: {good}",
    "label": lambda source, good: f"Spanish: {good}",
    "note": lambda source, good: f"{good} (Note: this is the formal register.)",
    "explanation": lambda source, good: f"{good}\n\nThis keeps the meaning of the original.",
    "rambling": lambda source, good: " ".join([good] * 8),
    "quotes": lambda source, good: f'"{good}"',
    "curly quotes": lambda source, good: f"“{good}”",
    "english first": lambda source, good: f"{source} - {good}",
    "english": lambda source, good: source,
    "other english": lambda source, good: "That is the way it was with the man and the sea.",
    "answer": lambda source, good: "Es la ciudad de Madrid.",
    "question and answer": lambda source, good: f"{good} Madrid.",
    "fence": lambda source, good: f"```\n{good}\n```",
    "bold": lambda source, good: f"**{good}**",
    "list": lambda source, good: f"- {good}",
    "tag": lambda source, good: f"<text>{good}</text>",
    "json": lambda source, good: json.dumps({"translation": good}, ensure_ascii=False),
    "special token": lambda source, good: f"{good}<|im_end|>",
    "other script": lambda source, good: "Луна является единственным спутником Земли",
    "twice": lambda source, good: f"{good} {good}",
    "empty": lambda source, good: "  \n",
    "unclosed thought": lambda source, good: f"<think>Let me see. {good}",
    "thought": lambda source, good: f"<think>The word\nis hard.</think>\n\n{good}",
    "end of a thought": lambda source, good: f"The word is hard.</think>{good}",
    "length": lambda source, good: good[: len(good) // 2],
    "filter": lambda source, good: good,
}
ENDS = {"length": "length", "filter": "content_filter"}


class State:
    """What the server is told, and what it counts."""

    def __init__(self):
        self.lock = threading.Lock()
        self.told = threading.Event()  # set when it is told something else: silence ends
        self.habits = {}  # by source text, or "*"
        self.habits_by_seed = {}  # by seed as text; they go before the others
        self.stubborn = False  # whether a stricter prompt does not help
        self.longest = 0  # source characters from which answers are cut; 0 for never
        self.faults = []  # taken in turn, by every request
        self.fatal = None  # [status, error], for every request
        self.refused_parameters = []
        self.with_logprobs = True
        self.with_usage = True
        self.requests = self.running = self.peak = 0
        self.input_tokens = self.output_tokens = 0
        self.asked = {}  # how often, by source text
        self.keys = []
        self.bodies = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        state = self.server.state
        if self.path == "/v1/models":
            self.send({"object": "list", "data": [{"id": "apertium", "object": "model"}]})
            return
        names = (
            "requests",
            "running",
            "peak",
            "input_tokens",
            "output_tokens",
            "asked",
            "keys",
            "bodies",
        )
        self.send({name: getattr(state, name) for name in names})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state = self.server.state
        if self.path == "/control":
            for name, value in body.items():
                setattr(state, name, value)
            state.told.set()
            state.told = threading.Event()
            self.send({})
            return
        with state.lock:
            state.requests += 1
            state.running += 1
            state.peak = max(state.peak, state.running)
            state.keys.append(self.headers["Authorization"])
            state.bodies.append(body)
            fault = state.faults.pop(0) if state.faults else ""
        try:
            if not self.misbehave(fault, body):
                self.complete(body)
        finally:
            with state.lock:
                state.running -= 1

    def misbehave(self, fault, body):
        """Do what a fault says; tell whether an answer was given, or none is wanted."""
        if self.server.state.fatal:
            status, error = self.server.state.fatal
            self.send({"error": error}, status)
        elif refused := set(self.server.state.refused_parameters) & set(body):
            name = min(refused)
            hint = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
            message = f"Unsupported parameter: '{name}' is not supported.{hint}"
            self.send({"error": {"message": message, "param": name}}, 400)
        elif fault in ("429", "500", "503"):
            wait = {"Retry-After": "0.01"} if fault != "500" else {}
            self.send({"error": {"message": f"fault {fault}"}}, int(fault), wait)
        elif fault == "page":
            self.send("<html>busy</html>")
        elif fault == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [{"message": {"content": "La')
            self.close_connection = True
        elif fault == "gone":
            self.close_connection = True
        elif fault == "silent":
            self.server.state.told.wait()
            self.close_connection = True
        else:
            return False
        return True

    def complete(self, body):
        state = self.server.state
        prompt = body["messages"][-1]["content"]
        found = SOURCE.search(prompt)
        source = found[1] if found else ""
        with state.lock:
            state.asked[source] = state.asked.get(source, 0) + 1
            good = self.server.translate(source) if source else "OK"
            if judged := JUDGED.search(prompt):
                good = str(round(100 * SequenceMatcher(None, good, judged[1]).ratio()))
        bad = state.stubborn or STRICTER not in prompt
        habit = state.habits.get(source, state.habits.get("*", "")) if source and bad else ""
        habit = state.habits_by_seed.get(str(body.get("seed")), habit) if source else ""
        if state.longest and len(source) > state.longest:
            habit = "length"
        if habit in ("400", "500"):
            self.send({"error": {"message": f"cannot process: {source}"}}, int(habit))
            return
        text = HABITS[habit](source, good) if habit else good
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": ENDS.get(habit, "stop")}
        tokens = TOKEN.findall(text)
        if body.get("logprobs") and state.with_logprobs:
            choice["logprobs"] = {"content": [{"token": t, "logprob": -0.25} for t in tokens]}
        sent = len(TOKEN.findall(prompt))
        with state.lock:
            state.input_tokens += sent
            state.output_tokens += len(tokens)
        reply = {"id": "1", "object": "chat.completion", "created": 0, "model": body["model"]}
        reply["choices"] = [choice]
        if state.with_usage:
            reply["usage"] = {"prompt_tokens": sent, "completion_tokens": len(tokens)}
        self.send(reply)

    def send(self, facts, status=200, headers=()):
        content = facts if isinstance(facts, str) else json.dumps(facts)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content.encode())))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content.encode())


class Server(ThreadingHTTPServer):
    """Takes every client as it is: those of killed builds are gone in the middle."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class LLMServer:
    """The server in a process of its own."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.llm_server"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline())
        self.endpoint = f"http://127.0.0.1:{self.port}/v1"

    def control(self, **settings):
        """Say how to misbehave from now on, and count from zero."""
        fresh = {
            name: value
            for name, value in vars(State()).items()
            if name not in ("lock", "told", "running")
        }
        content = json.dumps({**fresh, **settings}).encode()
        urlopen(Request(f"http://127.0.0.1:{self.port}/control", content)).close()

    def stats(self):
        with urlopen(f"http://127.0.0.1:{self.port}/stats") as answer:
            return json.load(answer)

    def close(self):
        self.process.kill()
        self.process.communicate()


def main():
    from translators.apertium import Apertium

    apertium = Apertium()
    server = Server(("127.0.0.1", 0), Handler)
    server.state = State()
    server.translate = lambda text: apertium.translate([text], "es")[0].text
    server.translate("The first one takes longer.")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()  # until the tests end, however they do
    apertium.close()


if __name__ == "__main__":
    main()
