"""An OpenAI-compatible server process with the model of a folder: ``python -m … FOLDER``.

Prints its address when it is ready. Whole answers and streams, as far as the project asks.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ml.llm.local import LocalModel
from ml.models import ModelProblem


def handler_of(model: LocalModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                self.answer(body)
            except ModelProblem as problem:
                self.send_error(400, str(problem))

        def answer(self, body: dict[str, Any]) -> None:
            if body.get("stream"):
                self.stream(body)
                return
            text = model.chat(body["messages"], body["max_tokens"])
            message = {"role": "assistant", "content": text}
            content = json.dumps({"choices": [{"index": 0, "message": message}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def stream(self, body: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.event({"choices": [{"index": 0, "delta": {"role": "assistant"}}]})
            for piece in model.stream(body["messages"], body["max_tokens"]):
                self.event({"choices": [{"index": 0, "delta": {"content": piece}}]})
            self.event({"choices": [], "usage": {"seconds": time.process_time()}})
            self.wfile.write(b"data: [DONE]\n\n")

        def event(self, data: dict[str, Any]) -> None:
            self.wfile.write(f"data: {json.dumps(data)}\n\n".encode())
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


def main(folder: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(LocalModel(folder, "cpu")))
    print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
