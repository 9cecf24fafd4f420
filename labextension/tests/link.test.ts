import { beforeEach, expect, test } from 'vitest';

import { StatusLink } from '../src/link';
import { CONNECTED, FakeKernel } from './kernels';

let kernel: FakeKernel;
let link: StatusLink;

beforeEach(() => {
  kernel = new FakeKernel();
  link = new StatusLink(kernel.connection);
});

test('the comm that the kernel opens brings the first status, and its messages the next', () => {
  kernel.open(CONNECTED);
  expect(link.status?.state).toBe('connected');

  kernel.say('comm_msg', { comm_id: 'comm-1', data: { ...CONNECTED, connection: 'reconnecting' } });

  expect(link.status?.state).toBe('reconnecting');
});

test('JupyterLab is told that the comm is claimed, so that it does not close it', () => {
  expect([...kernel.claimed]).toEqual(['edgerunner_lab.status']);

  link.dispose();

  expect(kernel.claimed.size).toBe(0);
});

test('a front end that comes later says hello on the comm that the kernel lists', async () => {
  kernel = new FakeKernel();
  kernel.comms = { 'comm-7': { target_name: 'edgerunner_lab.status' } };
  link = new StatusLink(kernel.connection);
  await settled();

  expect(kernel.sent.map(message => message.content)).toEqual([
    { comm_id: 'comm-7', data: { schema: 1, type: 'hello' } }
  ]);

  kernel.say('comm_msg', { comm_id: 'comm-7', data: CONNECTED });

  expect(link.status?.mode).toBe('SIM');
});

test('a kernel without Edgerunner Lab is asked once a connection and told nothing', async () => {
  await settled();
  kernel.connect('connecting');
  kernel.connect('connected');
  await settled();

  expect(kernel.questions).toBe(2);
  expect(kernel.sent).toEqual([]);
  expect(link.status).toBeNull();
});

test('the badge keeps the status while the kernel cannot be reached, and says so', () => {
  kernel.open(CONNECTED);
  kernel.connect('disconnected');

  expect(link.isReachable).toBe(false);
  expect(link.status?.state).toBe('connected');
});

test('a status that came while the kernel was being asked is not lost', async () => {
  kernel = new FakeKernel();
  link = new StatusLink(kernel.connection);
  kernel.open(CONNECTED);
  await settled();

  expect(link.status?.state).toBe('connected');
});

test.each(['restarting', 'autorestarting', 'terminating', 'dead'] as const)(
  'a kernel that is %s has no session',
  status => {
    kernel.open(CONNECTED);
    kernel.statusChanged.emit(status);

    expect(link.status).toBeNull();
  }
);

test('a session that ended while the kernel could not be reached is gone', async () => {
  kernel.open(CONNECTED);
  kernel.connect('disconnected');
  kernel.connect('connected');
  await settled();

  expect(link.status).toBeNull();
});

test('the session ends when the kernel closes the comm', () => {
  kernel.open(CONNECTED);
  kernel.say('comm_close', { comm_id: 'comm-1', data: {} });

  expect(link.status).toBeNull();
});

test('what does not fit is ignored, and so are the comms of others', () => {
  kernel.open(CONNECTED);
  kernel.say('comm_msg', { comm_id: 'comm-1', data: { ...CONNECTED, mode: 1 } });
  kernel.say('comm_msg', { comm_id: 'comm-2', data: { ...CONNECTED, mode: 'LIVE' } });
  kernel.say('comm_close', { comm_id: 'comm-2', data: {} });

  expect(link.status?.mode).toBe('SIM');
});

test('a disposed link hears nothing', () => {
  let changes = 0;
  link.changed.connect(() => {
    changes += 1;
  });
  link.dispose();
  kernel.open(CONNECTED);

  expect(changes).toBe(0);
  expect(link.status).toBeNull();
});

/** Wait until the kernel's answers have arrived. */
async function settled(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 0));
}
