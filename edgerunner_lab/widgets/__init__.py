"""Live views in notebook cells: anywidget classes and their ES modules in `static/`."""
