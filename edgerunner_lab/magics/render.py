"""Shows what every magic in a cell returned, and not only what the last line did.

Python shows the value of a cell's last expression. An order on the line before it would be sent without
a sign, so the value of each of our magics that stands alone goes to the shell's display hook, in order.
"""

import ast
from typing import Final

from edgerunner_lab.magics.usages import USAGES

_NAMES: Final = frozenset(magic.removeprefix("%") for magic in USAGES)


class ShowEveryMagic(ast.NodeTransformer):
    """Rewrites a cell's syntax tree; IPython calls it through `ast_transformers`.

    Assignments show nothing, and neither do functions and classes: who writes one decides what it shows.
    """

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Leave the last statement alone: the shell shows it anyway."""
        if not node.body:
            return node
        *others, last = node.body
        node.body = [self.visit(other) for other in others]
        node.body.append(last if _is_ours(last) else self.visit(last))
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        """Hand the value of our magic to the display hook."""
        if not _is_ours(node):
            return node
        shell = ast.Call(func=ast.Name("get_ipython", ast.Load()), args=[], keywords=[])
        hook = ast.Attribute(shell, "displayhook", ast.Load())
        shown = ast.Expr(ast.Call(func=hook, args=[node.value], keywords=[]))
        return ast.fix_missing_locations(ast.copy_location(shown, node))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Leave a function as it is."""
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        """Leave a coroutine as it is."""
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """Leave a class as it is."""
        return node


def _is_ours(node: ast.stmt) -> bool:
    """Tell `%quote SPY`, alone on its line, which IPython spells `get_ipython().run_line_magic('quote', 'SPY')`."""
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(
                    value=ast.Call(func=ast.Name(id="get_ipython")), attr="run_line_magic"
                ),
                args=[ast.Constant(value=name), *_],
            )
        ):
            return name in _NAMES
        case _:
            return False
