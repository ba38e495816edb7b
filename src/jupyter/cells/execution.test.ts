import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type ExecuteRequest, type KernelServer, OutputPublisher, Questions } from '../protocol';
import type { CellRunner } from './cell-runner';
import { ExecutionQueue } from './execution';

interface Reply {
  status: string;
  evalue?: string;
}

/** Runs requests in a queue whose parts fail as told, and returns what it has sent. */
async function runQueue(parts: {
  run?: () => Promise<undefined>;
  send?: (type: string) => void;
  reply?: (content: Reply) => void;
}): Promise<{ replies: Reply[]; states: unknown[] }> {
  const replies: Reply[] = [];
  const states: unknown[] = [];
  const runner = { run: parts.run ?? (() => Promise.resolve(undefined)) };
  const server = {
    reply(_socket: unknown, _request: unknown, content: Reply): void {
      parts.reply?.(content);
      replies.push(content);
    },
  };
  const publisher = new OutputPublisher({
    send(type, content): void {
      parts.send?.(type);
      if (type === 'status') states.push(Object.values(content)[0]);
    },
  });
  const queue = new ExecutionQueue(
    runner as unknown as CellRunner,
    server as unknown as KernelServer,
    publisher,
    new Questions({ ask: () => undefined }),
  );
  const header = { msg_type: 'execute_request' };
  for (const code of ['one', { toString: 2 }]) {
    const request = { content: { code, stop_on_error: false }, header };
    queue.add({ request } as unknown as ExecuteRequest);
  }
  for (let i = 0; i < 100 && replies.length < 2; i++) await turn();
  await turn();
  return { replies, states };
}

const TWICE = ['busy', 'idle', 'busy', 'idle'];

describe('ExecutionQueue', () => {
  test('replies and is idle after each request if the runner fails', async () => {
    const { replies, states } = await runQueue({
      run: () => Promise.reject(new Error('broken')),
    });
    assert.deepEqual(states, TWICE);
    for (const { status, evalue } of replies) {
      assert.equal(status, 'error');
      assert.match(
        evalue ?? '',
        /^the kernel cannot run this cell or send its result: Error: broken/,
      );
    }
  });

  test('replies with an error if the reply cannot be sent', async () => {
    const { replies, states } = await runQueue({
      reply({ status }): void {
        if (status === 'ok') throw new RangeError('too long');
      },
    });
    assert.deepEqual(states, TWICE);
    assert.deepEqual(
      replies.map(({ status }) => status),
      ['error', 'error'],
    );
  });

  test('goes on if an output cannot be sent', async () => {
    const { replies, states } = await runQueue({
      send(type): void {
        if (type !== 'status') throw new RangeError('too long');
      },
    });
    assert.deepEqual(states, TWICE);
    assert.deepEqual(
      replies.map(({ status }) => status),
      ['ok', 'ok'],
    );
  });
});
