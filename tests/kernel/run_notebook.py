"""Runs cells from stdin with nbclient, and prints the error (or null) and all outputs."""

import json
import subprocess
import sys

import nbformat.v4 as nbformat
from nbclient import NotebookClient

cells = [
    nbformat.new_code_cell(cell["source"], metadata={"tags": cell.get("tags", [])})
    for cell in json.load(sys.stdin)
]
notebook = nbformat.new_notebook(cells=cells)
client = NotebookClient(notebook, kernel_name=sys.argv[1], timeout=30)
error = None
try:
    client.execute(stdout=subprocess.DEVNULL)
except Exception as raised:  # reported to the test
    error = f"{type(raised).__name__}: {raised}"
print(json.dumps({"error": error, "outputs": [cell.outputs for cell in cells]}))
