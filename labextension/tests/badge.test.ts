import type { ISessionContext } from '@jupyterlab/apputils';
import { Signal } from '@lumino/signaling';
import { beforeEach, expect, test } from 'vitest';

import { Badge, wording } from '../src/badge';
import { BadgeModel, type Context } from '../src/model';
import type { Status } from '../src/status';
import { CONNECTED, FakeKernel } from './kernels';

const STATUS: Status = { mode: 'SIM', state: 'connected', account: 'DU***0001', detail: '' };

/** A notebook or console whose kernel the test plays. */
class FakeContext {
  readonly kernelChanged = new Signal<this, never>(this);
  readonly disposed = new Signal<this, void>(this);
  kernel = new FakeKernel();

  get context(): Context {
    return this as unknown as Context;
  }

  get session(): ISessionContext['session'] {
    return { kernel: this.kernel } as unknown as ISessionContext['session'];
  }
}

let model: BadgeModel;
let badge: Badge;
let notebook: FakeContext;

beforeEach(() => {
  model = new BadgeModel();
  badge = new Badge(model);
  notebook = new FakeContext();
  model.watch(notebook.context);
  model.setCurrent(notebook.context);
});

test('the badge reads mode, connection and account', () => {
  notebook.kernel.open(CONNECTED);

  expect(badge.node.textContent).toBe('SIM · connected · DU***0001');
  expect(badge.node.getAttribute('role')).toBe('status');
  expect(badge.node.getAttribute('aria-label')).toBe('Edgerunner Lab: SIM, connected, DU***0001');
});

test('another notebook in front shows its own session, and a text editor none', () => {
  const other = new FakeContext();
  model.watch(other.context);
  notebook.kernel.open(CONNECTED);
  other.kernel.open({ ...CONNECTED, mode: 'PAPER' });

  model.setCurrent(other.context);
  expect(badge.node.textContent).toContain('PAPER');

  model.setCurrent(null);
  expect(model.shown).toBeNull();
  expect(badge.node.textContent).toBe('');

  model.setCurrent(notebook.context);
  expect(badge.node.textContent).toContain('SIM');
});

test('a status that came while the notebook was behind is there when it comes to the front', () => {
  model.setCurrent(null);
  notebook.kernel.open(CONNECTED);
  model.setCurrent(notebook.context);

  expect(badge.node.textContent).toContain('connected');
});

test('a notebook that changes its kernel shows the new one', () => {
  const old = notebook.kernel;
  old.open(CONNECTED);
  notebook.kernel = new FakeKernel();
  notebook.kernelChanged.emit(undefined as never);
  expect(model.shown).toBeNull();

  old.open({ ...CONNECTED, mode: 'LIVE' });
  expect(model.shown).toBeNull();

  notebook.kernel.open({ ...CONNECTED, mode: 'PAPER' });
  expect(model.shown?.status.mode).toBe('PAPER');
});

test('a closed notebook is let go', () => {
  notebook.kernel.open(CONNECTED);
  notebook.disposed.emit();

  expect(model.shown).toBeNull();
  expect(notebook.kernel.claimed.size).toBe(0);
});

test('markup in a status stays text', () => {
  notebook.kernel.open({ ...CONNECTED, detail: '<img src=x onerror=alert(1)>' });

  expect(badge.node.querySelector('img')).toBeNull();
  expect(badge.node.textContent).toContain('<img src=x');
});

test('a disposed badge no longer follows its model', () => {
  badge.dispose();
  notebook.kernel.open(CONNECTED);

  expect(badge.node.textContent).toBe('');
});

test.each([
  [{}, true, 'SIM · connected · DU***0001', 'calm'],
  [{ mode: 'LIVE' }, true, 'LIVE observing · connected · DU***0001', 'attention'],
  [{ state: 'reconnecting' }, true, 'SIM · reconnecting · DU***0001', 'attention'],
  [{ detail: 'reducing' }, true, 'SIM · connected · DU***0001 · reducing', 'attention'],
  [{ state: 'halted', account: '' }, true, 'SIM · halted', 'trouble'],
  [{ state: 'a new word' }, true, 'SIM · a new word · DU***0001', 'trouble'],
  [{}, false, 'SIM · kernel unreachable · DU***0001', 'trouble']
] as const)('%o, reachable: %s, reads "%s" and is %s', (change, isReachable, text, tone) => {
  const words = wording({ status: { ...STATUS, ...change }, isReachable });

  expect(words.text).toBe(text);
  expect(words.tone).toBe(tone);
});
