"""Messages to and from the JupyterLab extension."""
