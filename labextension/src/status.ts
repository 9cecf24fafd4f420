/** What a kernel says about its Edgerunner Lab session. */

export const TARGET = 'edgerunner_lab.status';

export const SCHEMA = 1;

const MODES = ['SIM', 'PAPER', 'LIVE'] as const;

/** What the account allows; the kernel decides it, see `Mode` in core/accounts.py. */
export type Mode = (typeof MODES)[number];

/** Longer text than this is not a status; the kernel cuts its own. */
const CHARACTERS_MAX = 400;

export interface Status {
  readonly mode: Mode;
  /** Where the connection to the broker stands, in the words `%status` uses. */
  readonly state: string;
  /** Masked; empty while none is bound. */
  readonly account: string;
  /** Why, and what to do; empty where the state says it. */
  readonly detail: string;
}

/** Return the status in a message of a kernel, or null where it is not exactly one. */
export function parseStatus(data: unknown): Status | null {
  if (typeof data !== 'object' || data === null) {
    return null;
  }
  const { schema, mode, connection: state, account, detail } = data as Record<string, unknown>;
  const isStatus =
    schema === SCHEMA &&
    isMode(mode) &&
    isText(state) &&
    state !== '' &&
    isText(account) &&
    isText(detail);
  return isStatus ? { mode, state, account, detail } : null;
}

function isMode(value: unknown): value is Mode {
  return MODES.some(mode => mode === value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= CHARACTERS_MAX;
}
