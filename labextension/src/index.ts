import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';

import { Badge } from './badge';
import { type Halt, HaltButton, type Halted, haltByServer } from './halt';
import { haltKernels } from './kernels';
import { BadgeModel, type Context } from './model';

const badge: JupyterFrontEndPlugin<void> = {
  id: 'edgerunner-lab:badge',
  description: 'Shows mode and connection of the current kernel in the status bar.',
  autoStart: true,
  optional: [IStatusBar, INotebookTracker, IConsoleTracker],
  activate: (
    app: JupyterFrontEnd,
    statusBar: IStatusBar | null,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null
  ): void => {
    if (statusBar === null) {
      return;
    }
    const model = new BadgeModel();
    const watch = (_: unknown, panel: Panel): void => {
      model.watch(panel.sessionContext);
    };
    const showCurrent = (): void => {
      const widget = app.shell.currentWidget;
      const panel = notebooks?.find(one => one === widget) ?? consoles?.find(one => one === widget);
      model.setCurrent(panel?.sessionContext ?? null);
    };
    for (const tracker of [notebooks, consoles]) {
      tracker?.forEach((panel: Panel) => {
        watch(tracker, panel);
      });
    }
    notebooks?.widgetAdded.connect(watch);
    consoles?.widgetAdded.connect(watch);
    app.shell.currentChanged?.connect(showCurrent);
    showCurrent();

    statusBar.registerStatusItem('edgerunner-lab:badge', {
      item: new Badge(model),
      align: 'left',
      rank: 10,
      isActive: () => model.shown !== null,
      activeStateChanged: model.changed
    });
  }
};

const halt: JupyterFrontEndPlugin<void> = {
  id: 'edgerunner-lab:halt',
  description: 'Stops trading, by a button in the status bar and from the command palette.',
  autoStart: true,
  optional: [IStatusBar, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    statusBar: IStatusBar | null,
    palette: ICommandPalette | null
  ): void => {
    const byServer = haltByServer(app.serviceManager.serverSettings);
    const everyWay: Halt = async everything => {
      // Side by side: a kernel that listens cancels at once, and the server proves what came of it.
      void haltKernels(app.serviceManager.kernels, everything);
      return byServer(everything);
    };
    const button = new HaltButton(everyWay, tell);
    app.commands.addCommand('edgerunner:halt', {
      label: 'Edgerunner: HALT trading and cancel my orders',
      describedBy: NO_ARGUMENTS,
      execute: () => button.halt(false)
    });
    app.commands.addCommand('edgerunner:halt-all', {
      label: 'Edgerunner: HALT trading and cancel every order of the account…',
      describedBy: NO_ARGUMENTS,
      execute: async () => {
        const answer = await showDialog({
          title: 'Cancel every order?',
          body: 'Trading stops, and the broker cancels every order of the account: those of TWS and of other programs, too.',
          buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'HALT everything' })]
        });
        if (answer.button.accept) {
          await button.halt(true);
        }
      }
    });
    for (const command of ['edgerunner:halt', 'edgerunner:halt-all']) {
      palette?.addItem({ command, category: 'Edgerunner Lab' });
    }
    statusBar?.registerStatusItem('edgerunner-lab:halt', {
      item: button,
      align: 'left',
      rank: 11
    });
  }
};

/** Commands are described to whoever offers them to others. */
const NO_ARGUMENTS = { args: { type: 'object', properties: {} } };

/** Say loudly that a halt is not confirmed. */
function tell(halted: Halted): void {
  if (!halted.ok) {
    Notification.error(halted.text, { autoClose: false });
  }
}

/** What a notebook and a console have in common for us. */
interface Panel {
  readonly sessionContext: Context;
}

export default [badge, halt];
