import { ServerConnection } from '@jupyterlab/services';
import { Widget } from '@lumino/widgets';

/** What a halt came to. */
export interface Halted {
  /** Whether the broker confirms that nothing works any more. */
  readonly ok: boolean;
  /** One line, as a terminal shows it. */
  readonly text: string;
}

/** Stops trading; `everything` has the broker cancel orders of other programs, too. */
export type Halt = (everything: boolean) => Promise<Halted>;

/** Who else is told what a halt came to. */
export type Tell = (halted: Halted) => void;

/** How long a confirmed halt is shown; what is not confirmed stays. */
const SHOWN_MS = 20_000;

/** The part of Jupyter's own requests that is used here. */
export type Request = (
  url: string,
  init: RequestInit,
  settings: ServerConnection.ISettings
) => Promise<Response>;

/**
 * Make the halt that goes through Jupyter Server.
 *
 * It needs no kernel: nothing inside one can act while C code holds the interpreter.
 */
export function haltByServer(
  settings: ServerConnection.ISettings,
  request: Request = ServerConnection.makeRequest
): Halt {
  return async everything => {
    const init = { method: 'POST', body: JSON.stringify({ everything }) };
    let problem: string;
    try {
      const response = await request(`${settings.baseUrl}edgerunner/halt`, init, settings);
      if (response.ok) {
        const halted = read(await response.json());
        if (halted !== null) {
          return halted;
        }
      }
      problem = `the server answered ${response.status}`;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    return {
      ok: false,
      text: `NOT HALTED from here: ${problem}; run "edgerunner halt" in a terminal, or cancel in TWS`
    };
  };
}

/** Read an answer; null where it is none. */
function read(answer: unknown): Halted | null {
  if (typeof answer !== 'object' || answer === null) {
    return null;
  }
  const { ok, text } = answer as Record<string, unknown>;
  return typeof ok === 'boolean' && typeof text === 'string' ? { ok, text } : null;
}

/**
 * The button in the status bar: one click stops trading.
 *
 * What it came to stands beside it: notifications can be switched off.
 */
export class HaltButton extends Widget {
  private readonly _button = document.createElement('button');
  private readonly _outcome = document.createElement('span');
  private _clearing: ReturnType<typeof setTimeout> | undefined;
  private readonly _halt: Halt;
  private readonly _tell: Tell;

  constructor(halt: Halt, tell: Tell) {
    super();
    this._halt = halt;
    this._tell = tell;
    this.addClass('er-Halt');
    this._button.type = 'button';
    this._button.dataset.testid = 'edgerunner-halt';
    this._button.title =
      'Stop trading in every notebook and cancel their orders; works while a cell hangs';
    this._button.addEventListener('click', () => {
      void this.halt(false);
    });
    this._outcome.className = 'jp-StatusBar-TextItem';
    this._outcome.dataset.testid = 'edgerunner-halted';
    this._outcome.setAttribute('role', 'status');
    this.node.append(this._button, this._outcome);
    this._show(false);
  }

  override dispose(): void {
    clearTimeout(this._clearing);
    super.dispose();
  }

  /** Stop trading and tell what it came to; a second click meanwhile changes nothing. */
  async halt(everything: boolean): Promise<void> {
    if (this._button.disabled) {
      return;
    }
    this._show(true);
    try {
      const halted = await this._halt(everything);
      this._outcome.textContent = halted.text;
      this._outcome.title = halted.text;
      this.node.dataset.tone = halted.ok ? 'calm' : 'trouble';
      if (halted.ok) {
        this._clearing = setTimeout(() => {
          this._outcome.textContent = '';
        }, SHOWN_MS);
      }
      this._tell(halted);
    } finally {
      this._show(false);
    }
  }

  private _show(isHalting: boolean): void {
    if (isHalting) {
      clearTimeout(this._clearing);
      this._outcome.textContent = '';
    }
    this._button.disabled = isHalting;
    this._button.textContent = isHalting ? 'HALTING…' : 'HALT';
  }
}
