import { expect, test } from 'vitest';

import { parseStatus } from '../src/status';
import { CONNECTED } from './kernels';

test('a whole status is read, and what else it carries is left behind', () => {
  expect(parseStatus({ ...CONNECTED, more: 1 })).toEqual({
    mode: 'SIM',
    state: 'connected',
    account: 'DU***0001',
    detail: ''
  });
});

test.each([
  ['nothing', null],
  ['a text', 'SIM'],
  ['another schema', { ...CONNECTED, schema: 2 }],
  ['a mode that we do not know', { ...CONNECTED, mode: 'YOLO' }],
  ['a state that is no text', { ...CONNECTED, connection: 3 }],
  ['an empty state', { ...CONNECTED, connection: '' }],
  ['no account', { ...CONNECTED, account: undefined }],
  ['a detail that is a page long', { ...CONNECTED, detail: 'x'.repeat(401) }]
])('%s is no status', (_, data) => {
  expect(parseStatus(data)).toBeNull();
});
