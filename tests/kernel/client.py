"""Drives one real kernel through jupyter_client. Reads JSON commands, one a line, and answers each with one line."""

import json
import sys
import time
from queue import Empty

from jupyter_client.manager import start_new_kernel

TIMEOUT = 60


def output_of(message):
    return {
        "type": message["msg_type"],
        "content": message["content"],
        "parent": message["parent_header"].get("msg_id"),
    }


class Driver:
    def __init__(self, kernel, cwd):
        start = time.monotonic()
        terminal = open(sys.argv[2], "w")  # noqa: SIM115 (open while the kernel runs)
        self.manager, self.client = start_new_kernel(
            TIMEOUT, kernel_name=kernel, cwd=cwd, stdout=terminal, stderr=terminal
        )
        self.ready = time.monotonic() - start

    def submit(self, code, **options):
        """Sends a cell and returns its message id at once."""
        return self.client.execute(code, **options)

    def collect(self, ids, timeout=TIMEOUT):
        """Waits for the reply and the idle status of each cell; None or False if one never came."""
        replies, outputs, idle = {}, [], set()
        deadline = time.monotonic() + timeout
        while len(replies) < len(ids) or len(idle) < len(ids):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            if len(idle) < len(ids):
                try:
                    message = self.client.get_iopub_msg(timeout=min(left, 0.5))
                    outputs.append(output_of(message))
                    if message["content"].get("execution_state") == "idle":
                        idle.update({message["parent_header"].get("msg_id")} & set(ids))
                except Empty:
                    pass
            if len(replies) < len(ids):
                try:
                    wait = 0.001 if len(idle) < len(ids) else min(left, 0.5)
                    message = self.client.get_shell_msg(timeout=wait)
                    if message["parent_header"]["msg_id"] in ids:
                        replies[message["parent_header"]["msg_id"]] = message["content"]
                except Empty:
                    pass
        return {
            "replies": [replies.get(i) for i in ids],
            "idle": [i in idle for i in ids],
            "outputs": [[o for o in outputs if o["parent"] == i] for i in ids],
        }

    def execute(self, codes, timeout=TIMEOUT, gap=0, **options):
        """Sends all cells, with a pause between them, then waits for all of them."""
        ids = []
        for code in codes:
            ids.append(self.submit(code, **options))
            time.sleep(gap)
        return {"ids": ids, **self.collect(ids, timeout)}

    def one_by_one(self, codes):
        """Sends each cell as soon as the reply to the previous one arrives."""
        ids = []
        for code in codes:
            ids.append(self.submit(code))
            deadline = time.monotonic() + TIMEOUT
            while time.monotonic() < deadline:
                reply = self.client.get_shell_msg(timeout=TIMEOUT)
                if reply["parent_header"]["msg_id"] == ids[-1]:
                    break
        return {"ids": ids, **self.collect_iopub(ids)}

    def collect_iopub(self, ids):
        outputs, idle = [], set()
        while len(idle) < len(ids):
            try:
                message = self.client.get_iopub_msg(timeout=2)
            except Empty:
                break
            outputs.append(output_of(message))
            if message["content"].get("execution_state") == "idle":
                idle.update({message["parent_header"].get("msg_id")} & set(ids))
        return {
            "idle": [i in idle for i in ids],
            "outputs": [[o for o in outputs if o["parent"] == i] for i in ids],
        }

    def question(self, timeout=TIMEOUT):
        """Waits for a question to the user; None if none comes."""
        try:
            message = self.client.get_stdin_msg(timeout=timeout)
        except Empty:
            return None
        return {
            "type": message["msg_type"],
            "id": message["header"]["msg_id"],
            "parent": message["parent_header"]["msg_id"],
            "content": message["content"],
        }

    def answer(self, line, to=None):
        """Answers as the user. JupyterLab names the question, jupyter_client does not."""
        parent = None if to is None else {"header": {"msg_id": to}}
        message = self.client.session.msg("input_reply", {"value": line}, parent=parent)
        self.client.stdin_channel.send(message)
        return {}

    def interrupt(self, code, after, through="signal", then=None, awaited="stream"):
        """Interrupts a cell some time after it has printed its first output, or has begun."""
        ids = [self.submit(code)]
        if then is not None:
            ids.append(self.submit(then))
        first = {}
        # A cell before it may still print.
        while (first.get("type"), first.get("parent")) != (awaited, ids[0]):
            first = output_of(self.client.get_iopub_msg(timeout=TIMEOUT))
        time.sleep(after)
        start = time.monotonic()
        if through == "signal":
            self.manager.interrupt_kernel()
        else:
            self.client.control_channel.send(self.client.session.msg("interrupt_request", {}))
        result = self.collect(ids, timeout=10)
        if through != "signal":
            result["control"] = self.client.get_control_msg(timeout=TIMEOUT)["content"]
        return {"ids": ids, "seconds": time.monotonic() - start, **result}

    def signal(self):
        self.manager.interrupt_kernel()
        time.sleep(0.1)
        return {}

    def request(self, type, content):
        message = self.client.session.msg(type, content)
        self.client.shell_channel.send(message)
        while True:
            reply = self.client.get_shell_msg(timeout=TIMEOUT)
            if reply["parent_header"]["msg_id"] == message["header"]["msg_id"]:
                return {"type": reply["msg_type"], "content": reply["content"]}

    def listen(self, seconds):
        """Returns everything that arrives on IOPub within some seconds."""
        outputs, deadline = [], time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                outputs.append(output_of(self.client.get_iopub_msg(timeout=left)))
            except Empty:
                break
        return outputs

    def ended(self):
        """Tells whether the kernel's process has ended, waiting for it up to 5 seconds."""
        deadline = time.monotonic() + 5
        while self.manager.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.manager.is_alive()

    def shutdown(self, restart):
        message = self.client.session.msg("shutdown_request", {"restart": restart})
        start = time.monotonic()
        self.client.control_channel.send(message)
        reply = self.client.get_control_msg(timeout=TIMEOUT)
        while self.manager.is_alive() and time.monotonic() < start + 10:
            time.sleep(0.01)
        seconds = time.monotonic() - start
        return {"content": reply["content"], "alive": self.manager.is_alive(), "seconds": seconds}

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        return {}


def main():
    driver = Driver(sys.argv[1], sys.argv[3])
    print(json.dumps({"ready": driver.ready}), flush=True)
    for line in sys.stdin:
        command, options = json.loads(line)
        print(json.dumps(getattr(driver, command)(**options)), flush=True)
        if command == "stop":
            break


main()
