import type { ISessionContext } from '@jupyterlab/apputils';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { StatusLink } from './link';
import type { Status } from './status';

/** The part of a session context that the model needs. */
export type Context = Pick<ISessionContext, 'session' | 'kernelChanged' | 'disposed'>;

/** What the badge shows. */
export interface Shown {
  readonly status: Status;
  /** False while the browser has lost the kernel: the status is then the last one heard. */
  readonly isReachable: boolean;
}

/**
 * Holds the status of every kernel that a notebook or console uses, and which one is current.
 *
 * All of them are listened to, because a kernel says its status when it loads Edgerunner Lab,
 * whichever tab is in front then.
 */
export class BadgeModel implements IDisposable {
  private readonly _changed = new Signal<this, void>(this);
  private readonly _linkByContext = new Map<Context, StatusLink | null>();
  private _current: Context | null = null;
  private _isDisposed = false;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What to show; null where the current widget has no session of ours. */
  get shown(): Shown | null {
    const link = this._current === null ? null : (this._linkByContext.get(this._current) ?? null);
    return link === null || link.status === null
      ? null
      : { status: link.status, isReachable: link.isReachable };
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Listen to the kernels of a notebook or console until it is closed. */
  watch(context: Context): void {
    if (this._linkByContext.has(context)) {
      return;
    }
    this._linkByContext.set(context, null);
    context.kernelChanged.connect(this._relink, this);
    context.disposed.connect(this._unwatch, this);
    this._relink(context);
  }

  /** Take notice of the notebook or console in front; null for anything else. */
  setCurrent(context: Context | null): void {
    if (context !== this._current) {
      this._current = context;
      this._changed.emit();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    for (const context of [...this._linkByContext.keys()]) {
      this._unwatch(context);
    }
    Signal.clearData(this);
  }

  private _relink(context: Context): void {
    this._linkByContext.get(context)?.dispose();
    const kernel = context.session?.kernel ?? null;
    const link = kernel === null ? null : new StatusLink(kernel);
    link?.changed.connect(this._announce, this);
    this._linkByContext.set(context, link);
    this._changed.emit();
  }

  private _announce(): void {
    this._changed.emit();
  }

  private _unwatch(context: Context): void {
    context.kernelChanged.disconnect(this._relink, this);
    context.disposed.disconnect(this._unwatch, this);
    this._linkByContext.get(context)?.dispose();
    this._linkByContext.delete(context);
    if (this._current === context) {
      this.setCurrent(null);
    }
  }
}
