import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { parseStatus, SCHEMA, type Status, TARGET } from './status';

/**
 * Hears one kernel's status.
 *
 * The kernel opens the comm when Edgerunner Lab is loaded. A front end that comes later asks the
 * kernel once which comms it has, so kernels without Edgerunner Lab hear of nothing that they do
 * not know. Messages are read from the kernel connection itself: where a notebook and a console
 * share a kernel, JupyterLab serves comms on one of the two connections only.
 */
export class StatusLink implements IDisposable {
  private readonly _kernel: Kernel.IKernelConnection;
  private readonly _changed = new Signal<this, void>(this);
  private _commId: string | null = null;
  private _status: Status | null = null;
  private _isDisposed = false;

  constructor(kernel: Kernel.IKernelConnection) {
    this._kernel = kernel;
    kernel.registerCommTarget(TARGET, claim);
    kernel.iopubMessage.connect(this._onMessage, this);
    kernel.statusChanged.connect(this._onKernelStatus, this);
    kernel.connectionStatusChanged.connect(this._onConnection, this);
    if (kernel.connectionStatus === 'connected') {
      void this._ask();
    }
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What the kernel said last; null while it has no Edgerunner Lab. */
  get status(): Status | null {
    return this._status;
  }

  /** Whether the kernel could tell us if something changed. */
  get isReachable(): boolean {
    return !this._isDisposed && this._kernel.connectionStatus === 'connected';
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._status = null;
    this._kernel.iopubMessage.disconnect(this._onMessage, this);
    this._kernel.statusChanged.disconnect(this._onKernelStatus, this);
    this._kernel.connectionStatusChanged.disconnect(this._onConnection, this);
    if (!this._kernel.isDisposed) {
      this._kernel.removeCommTarget(TARGET, claim);
    }
    Signal.clearData(this);
  }

  private _onMessage(_: Kernel.IKernelConnection, message: KernelMessage.IIOPubMessage): void {
    if (KernelMessage.isCommOpenMsg(message)) {
      if (message.content.target_name === TARGET) {
        this._commId = message.content.comm_id;
        this._take(message.content.data);
      }
    } else if (KernelMessage.isCommMsgMsg(message)) {
      if (message.content.comm_id === this._commId) {
        this._take(message.content.data);
      }
    } else if (KernelMessage.isCommCloseMsg(message)) {
      if (message.content.comm_id === this._commId) {
        this._forget();
      }
    }
  }

  private _onKernelStatus(_: Kernel.IKernelConnection, status: Kernel.Status): void {
    if (GONE.has(status)) {
      this._forget();
    }
  }

  private _onConnection(_: Kernel.IKernelConnection, status: Kernel.ConnectionStatus): void {
    this._changed.emit();
    if (status === 'connected') {
      void this._ask();
    }
  }

  /** Ask a kernel that was there before us for its status, once a connection. */
  private async _ask(): Promise<void> {
    const kernel = this._kernel;
    const known = this._commId;
    let comms: string[];
    try {
      const { content } = await kernel.requestCommInfo({ target_name: TARGET });
      comms = content.status === 'ok' ? Object.keys(content.comms) : [];
    } catch {
      // The kernel went away before it answered; the next connection asks again.
      return;
    }
    const id = comms.at(-1);
    if (this._isDisposed || this._commId !== known) {
      // The kernel has opened its comm in the meantime.
      return;
    }
    if (id === undefined) {
      this._forget();
      return;
    }
    this._commId = id;
    kernel.sendShellMessage(
      KernelMessage.createMessage<KernelMessage.ICommMsgMsg<'shell'>>({
        msgType: 'comm_msg',
        channel: 'shell',
        username: kernel.username,
        session: kernel.clientId,
        content: { comm_id: id, data: { schema: SCHEMA, type: 'hello' } }
      })
    );
  }

  private _take(data: unknown): void {
    const status = parseStatus(data);
    if (status !== null) {
      this._status = status;
      this._changed.emit();
    }
  }

  private _forget(): void {
    this._commId = null;
    if (this._status !== null) {
      this._status = null;
      this._changed.emit();
    }
  }
}

const GONE: ReadonlySet<Kernel.Status> = new Set([
  'restarting',
  'autorestarting',
  'terminating',
  'dead'
]);

/** JupyterLab closes a comm that nobody claims; what it carries is read in `StatusLink`. */
function claim(): void {
  // Nothing else to do.
}
