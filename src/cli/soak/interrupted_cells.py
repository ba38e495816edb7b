"""Interrupts cells that train, each at a random moment, in one kernel.

    interrupted_cells.py TIMES SEED

Prints what is left as JSON: tensors, bytes and native handles, the growth of the kernel's memory in
percent, and the number of cells after which the next one did not answer as it should.
"""

import json
import random
import statistics
import sys
import time
from pathlib import Path

from jupyter_client.manager import start_new_kernel

TIMEOUT = 60
ROOT = Path(__file__).resolve().parents[3]

PREPARE = """
import { BASE, solverRows } from '../src/course';
import { injectLora } from '../src/lora';
import { loadModel, loadTokenizer } from '../src/model';
import { memory, useAccelerator } from '../src/tensor';
import { adamW, completionLoss, drawBatches, encodeRows, train } from '../src/train';
await useAccelerator();
const model = await loadModel(BASE);
injectLora(model, { targetModules: 'all-linear', r: 8, alpha: 32 });
const tokenizer = await loadTokenizer(BASE, model.config);
const rows = solverRows({ split: 'train', seed: 1, count: 200 });
const examples = encodeRows(tokenizer, rows);
const optimizer = adamW({ learningRate: 1e-3 });
require('node:v8').setFlagsFromString('--expose-gc');
const collectGarbage = require('node:vm').runInNewContext('gc');
"""

TRAIN = """
for await (const step of train({
  module: model,
  loss: (batch) => completionLoss(model, batch),
  batches: drawBatches(examples, { size: 4, seed: 1 }),
  optimizer,
  steps: 1e9,
})) if (step.step === 1) console.log('going');
"""

COUNT = "collectGarbage(); console.log(JSON.stringify({ ...memory(), resident: process.memoryUsage.rss() }));"


class Kernel:
    def __init__(self):
        _, self.client = started = start_new_kernel(
            TIMEOUT, kernel_name="tslab", cwd=str(ROOT / "notebooks"), stderr=None
        )
        self.manager = started[0]

    def run(self, code, interrupt_after=None):
        """Runs a cell; returns the status of its reply, and what it printed."""
        message = self.client.execute(code)
        printed = ""
        while True:
            output = self.client.get_iopub_msg(timeout=TIMEOUT)
            if output["parent_header"].get("msg_id") != message:
                continue
            if output["msg_type"] == "stream":
                printed += output["content"]["text"]
                if interrupt_after is not None:
                    time.sleep(interrupt_after)
                    self.manager.interrupt_kernel()
                    interrupt_after = None
            if output["content"].get("execution_state") == "idle":
                break
        while True:
            reply = self.client.get_shell_msg(timeout=TIMEOUT)
            if reply["parent_header"].get("msg_id") == message:
                return reply["content"]["status"], printed

    def count(self):
        _, printed = self.run(COUNT)
        return json.loads(printed)


def main():
    times, seed = int(sys.argv[1]), int(sys.argv[2])
    draw = random.Random(seed)
    kernel = Kernel()
    try:
        status, _ = kernel.run(PREPARE)
        if status != "ok":
            sys.exit("the cell that prepares the training failed")
        for _ in range(3):  # code is compiled and caches are filled
            kernel.run(TRAIN, interrupt_after=0.5)
        before = kernel.count()
        resident, unanswered = [], 0
        for _ in range(times):
            status, _ = kernel.run(TRAIN, interrupt_after=0.5 * draw.random())
            after = kernel.count()
            unanswered += status != "error"
            resident.append(after["resident"])
    finally:
        kernel.manager.shutdown_kernel(now=True)
    tenth = max(1, times // 10)
    growth = statistics.mean(resident[-tenth:]) / statistics.mean(resident[:tenth]) - 1
    names = ["tensors", "bytes", "nativeHandles"]
    left = {name: after[name] - before[name] for name in names if before[name] is not None}
    print(json.dumps({**left, "growthPercent": round(100 * growth, 2), "unanswered": unanswered}))


main()
