import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

/** The part of a kernel connection that the badge uses, with a kernel that the test plays. */
export class FakeKernel {
  readonly iopubMessage = new Signal<this, KernelMessage.IIOPubMessage>(this);
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly connectionStatusChanged = new Signal<this, Kernel.ConnectionStatus>(this);
  readonly claimed = new Set<string>();
  readonly sent: KernelMessage.IMessage[] = [];
  readonly username = 'user';
  readonly clientId = 'client';
  connectionStatus: Kernel.ConnectionStatus = 'connected';
  isDisposed = false;
  /** The comms that the kernel lists, as id -> target. */
  comms: Record<string, { target_name: string }> = {};
  questions = 0;

  get connection(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }

  registerCommTarget(target: string): void {
    this.claimed.add(target);
  }

  removeCommTarget(target: string): void {
    this.claimed.delete(target);
  }

  sendShellMessage(message: KernelMessage.IMessage): void {
    this.sent.push(message);
  }

  async requestCommInfo(): Promise<{ content: unknown }> {
    this.questions += 1;
    return { content: { status: 'ok', comms: this.comms } };
  }

  say(msgType: string, content: Record<string, unknown>): void {
    const message = { header: { msg_type: msgType }, channel: 'iopub', content };
    this.iopubMessage.emit(message as unknown as KernelMessage.IIOPubMessage);
  }

  open(status: object, id = 'comm-1'): void {
    this.say('comm_open', { comm_id: id, target_name: 'edgerunner_lab.status', data: status });
  }

  connect(status: Kernel.ConnectionStatus): void {
    this.connectionStatus = status;
    this.connectionStatusChanged.emit(status);
  }
}

export const CONNECTED = {
  schema: 1,
  mode: 'SIM',
  connection: 'connected',
  account: 'DU***0001',
  detail: ''
};
