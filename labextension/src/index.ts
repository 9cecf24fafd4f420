import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';

import { Badge } from './badge';
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

/** What a notebook and a console have in common for us. */
interface Panel {
  readonly sessionContext: Context;
}

export default [badge];
