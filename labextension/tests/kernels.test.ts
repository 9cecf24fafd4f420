import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { haltKernels, type Kernels } from '../src/kernels';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Kernels that answer a control message as told: by name, what becomes of its reply. */
function kernelsThat(answers: Record<string, Promise<unknown>>) {
  const sent: KernelMessage.IControlMessage[] = [];
  const disposed: string[] = [];
  const kernels = {
    running: () =>
      Object.keys(answers)
        .map(id => ({ id, name: id }))
        [Symbol.iterator](),
    connectTo: ({ model }: Kernel.IKernelConnection.IOptions) => ({
      clientId: 'client',
      connectionStatus: model.id === 'away' ? 'connecting' : 'connected',
      connectionStatusChanged: { connect: () => true },
      username: 'trader',
      sendControlMessage: (message: KernelMessage.IControlMessage) => {
        sent.push(message);
        return { done: answers[model.id] };
      },
      dispose: () => disposed.push(model.id)
    })
  } as unknown as Kernels;
  return { kernels, sent, disposed };
}

test('every running kernel is told on its control channel', async () => {
  const { kernels, sent, disposed } = kernelsThat({
    one: Promise.resolve({}),
    two: Promise.resolve({})
  });

  expect(await haltKernels(kernels, true)).toBe(2);
  expect(sent.map(message => message.header.msg_type)).toEqual([
    'edgerunner_halt_request',
    'edgerunner_halt_request'
  ]);
  expect(sent.map(message => message.channel)).toEqual(['control', 'control']);
  expect(sent[0]?.content).toEqual({ everything: true });
  expect(disposed).toEqual(['one', 'two']);
});

test('a kernel that has never heard of us holds nobody up', async () => {
  const { kernels, disposed } = kernelsThat({
    ours: Promise.resolve({}),
    silent: new Promise(() => undefined),
    away: Promise.resolve({}),
    dead: Promise.reject(new Error('dead'))
  });
  const heard = haltKernels(kernels, false);
  await vi.advanceTimersByTimeAsync(1000);

  expect(await heard).toBe(1);
  expect(disposed.sort()).toEqual(['away', 'dead', 'ours', 'silent']);
});
