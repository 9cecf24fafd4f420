import { Widget } from '@lumino/widgets';

import type { BadgeModel, Shown } from './model';

/** The status-bar item: mode, connection and account of the current kernel's session. */
export class Badge extends Widget {
  private readonly _model: BadgeModel;
  private readonly _text = document.createElement('span');

  constructor(model: BadgeModel) {
    super();
    this._model = model;
    this.addClass('er-Badge');
    this.node.dataset.testid = 'edgerunner-badge';
    // A status is read out when it changes, and the keyboard does not stop at it.
    this.node.setAttribute('role', 'status');
    this._text.className = 'jp-StatusBar-TextItem';
    this.node.append(this._text);
    model.changed.connect(this._render, this);
    this._render();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.changed.disconnect(this._render, this);
    super.dispose();
  }

  private _render(): void {
    const words = wording(this._model.shown);
    if (this._text.textContent !== words.text) {
      this._text.textContent = words.text;
    }
    this.node.title = words.title;
    this.node.setAttribute('aria-label', words.label);
    this.node.dataset.tone = words.tone;
  }
}

/** How much attention the badge asks for; it underlines what the text already says. */
export type Tone = 'none' | 'calm' | 'attention' | 'trouble';

/** How the badge reads. */
export interface Wording {
  readonly text: string;
  readonly title: string;
  readonly label: string;
  readonly tone: Tone;
}

/** State -> tone; a state that is not here is trouble. */
const TONE_BY_STATE: ReadonlyMap<string, Tone> = new Map([
  ['connected', 'calm'],
  ['connecting', 'attention'],
  ['syncing', 'attention'],
  ['reconnecting', 'attention']
]);

/** Put a status into words. */
export function wording(shown: Shown | null): Wording {
  if (shown === null) {
    return { text: '', title: '', label: 'Edgerunner Lab: not loaded', tone: 'none' };
  }
  const { mode, account, detail } = shown.status;
  const state = shown.isReachable ? shown.status.state : 'kernel unreachable';
  const parts = [mode === 'LIVE' ? 'LIVE observing' : mode, state, account, detail].filter(
    part => part !== ''
  );
  const tone = TONE_BY_STATE.get(state) ?? 'trouble';
  return {
    text: parts.join(' · '),
    title: ['Edgerunner Lab', ...parts].join('\n'),
    label: `Edgerunner Lab: ${parts.join(', ')}`,
    tone: tone === 'calm' && (mode === 'LIVE' || detail !== '') ? 'attention' : tone
  };
}
