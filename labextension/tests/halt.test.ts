import type { ServerConnection } from '@jupyterlab/services';
import { expect, test, vi } from 'vitest';

import { HaltButton, type Halted, haltByServer, type Request } from '../src/halt';

const SETTINGS = { baseUrl: 'http://localhost/lab/' } as ServerConnection.ISettings;
const CONFIRMED: Halted = { ok: true, text: 'HALTED, confirmed: 1 order no longer works' };

/** A server that answers every request with a status and a body. */
function answering(status: number, body: string): Request {
  return vi.fn(async () => new Response(body, { status }));
}

test('a halt is one POST below the base address', async () => {
  const request = answering(200, JSON.stringify(CONFIRMED));

  expect(await haltByServer(SETTINGS, request)(true)).toEqual(CONFIRMED);
  expect(request).toHaveBeenCalledExactlyOnceWith(
    'http://localhost/lab/edgerunner/halt',
    { method: 'POST', body: '{"everything":true}' },
    SETTINGS
  );
});

test.each([
  [404, '{}', 'the server answered 404'],
  [403, 'forbidden', 'the server answered 403'],
  [200, '{"ok": "yes", "text": "HALTED"}', 'the server answered 200'],
  [200, 'null', 'the server answered 200'],
  [200, 'no JSON', 'JSON']
])('an answer %i %s is no halt', async (status, body, problem) => {
  const halted = await haltByServer(SETTINGS, answering(status, body))(false);

  expect(halted.ok).toBe(false);
  expect(halted.text).toContain('NOT HALTED from here');
  expect(halted.text).toContain(problem);
  expect(halted.text).toContain('edgerunner halt');
});

test('a server that cannot be reached is told', async () => {
  const request: Request = () => Promise.reject(new Error('network is down'));

  expect((await haltByServer(SETTINGS, request)(false)).text).toContain('network is down');
});

test('one click halts once, and the button says so meanwhile', async () => {
  const told: Halted[] = [];
  let confirm: (halted: Halted) => void = () => undefined;
  const halt = vi.fn(
    () =>
      new Promise<Halted>(resolve => {
        confirm = resolve;
      })
  );
  const widget = new HaltButton(halt, halted => told.push(halted));
  const button = widget.node.querySelector('button');
  button?.click();
  button?.click();

  expect(halt).toHaveBeenCalledExactlyOnceWith(false);
  expect(button?.textContent).toBe('HALTING…');
  confirm(CONFIRMED);
  await vi.waitFor(() => {
    expect(button?.textContent).toBe('HALT');
  });
  expect(told).toEqual([CONFIRMED]);
  expect(widget.node.textContent).toBe(`HALT${CONFIRMED.text}`);
  widget.dispose();
});

test('what is not confirmed stays beside the button until the next halt', async () => {
  vi.useFakeTimers();
  const answers: Halted[] = [{ ok: false, text: 'UNCONFIRMED' }, CONFIRMED];
  const widget = new HaltButton(
    () => Promise.resolve(answers.shift() ?? CONFIRMED),
    () => undefined
  );
  await widget.halt(true);
  vi.advanceTimersByTime(3_600_000);
  expect(widget.node.textContent).toBe('HALTUNCONFIRMED');
  expect(widget.node.dataset.tone).toBe('trouble');

  await widget.halt(false);
  expect(widget.node.dataset.tone).toBe('calm');
  vi.advanceTimersByTime(60_000);
  expect(widget.node.textContent).toBe('HALT');
  vi.useRealTimers();
});
