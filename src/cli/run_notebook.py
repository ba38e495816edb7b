"""Runs notebooks without a browser and prints the time of every cell.

    run_notebook.py [--save FOLDER] NOTEBOOK...

Exits with 1 on the first cell that fails, prints to stderr, or was not run. A notebook is saved
with the outputs that it has come to.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

CELL_SECONDS = 600


def run(notebook, folder):
    """Executes every code cell in the TypeScript kernel, and puts the outputs into the notebook."""
    client = NotebookClient(
        notebook,
        kernel_name="tslab",
        timeout=CELL_SECONDS,
        coalesce_streams=True,  # as JupyterLab saves what was printed in pieces
        resources={"metadata": {"path": str(folder)}},
    )
    started = time.perf_counter()
    # Native libraries greet on the kernel's stderr; that is of use only where something fails.
    with tempfile.TemporaryFile("w+") as log:
        try:
            with client.setup_kernel(stderr=log):
                report("kernel ready", started)
                run_cells(client)
        except Exception:
            log.seek(0)
            print(log.read(), file=sys.stderr)
            raise
    report("total", started)


def run_cells(client):
    for index, cell in enumerate(client.nb.cells):
        if cell.cell_type == "code":
            begun = time.perf_counter()
            client.execute_cell(cell, index)
            report(cell.id, begun)
            check(cell)


def check(cell):
    """A cell that was skipped, or complained, does not pass for one that ran."""
    if cell.execution_count is None:
        raise RuntimeError(f"cell {cell.id} was not run")
    for output in cell.outputs:
        if output.output_type == "error" or output.get("name") == "stderr":
            raise RuntimeError(f"cell {cell.id} wrote to stderr:\n{output.get('text', output)}")


def report(name, begun):
    print(f"{name:<24}{time.perf_counter() - begun:8.2f} s", flush=True)


def save(notebook, folder, name):
    """Writes a notebook whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".partial", delete=False) as file:
        try:
            nbformat.write(notebook, file)
        except BaseException:
            os.unlink(file.name)
            raise
    os.chmod(file.name, 0o644)
    os.replace(file.name, folder / name)
    print(f"saved {folder / name}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--save", type=Path, help="folder for the notebooks with their outputs")
    arguments = parser.parse_args()
    if arguments.save and any(p.parent.resolve() == arguments.save.resolve() for p in arguments.notebooks):
        parser.error(f"--save must be another folder than the notebook's, got {arguments.save}")
    for path in arguments.notebooks:
        print(path, flush=True)
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
        try:
            run(notebook, path.parent)
        except (CellExecutionError, RuntimeError) as error:
            sys.exit(f"{path}: {error}")
        finally:
            if arguments.save:
                save(notebook, arguments.save, path.name)


if __name__ == "__main__":
    main()
