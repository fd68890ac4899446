"""The files of a run folder are named in one place."""

import ast

from imports import PACKAGE, House

from weft import run_folder

NAMES = {
    run_folder.SEAL: "SEAL",
    run_folder.WEIGHTS: "WEIGHTS",
    run_folder.REPORTS: "REPORTS",
    run_folder.SCORES: "SCORES",
    run_folder.ANSWERS: "ANSWERS",
    run_folder.CONFIG: "CONFIG",
    run_folder.DATA: "DATA",
    run_folder.ATTENTION: "ATTENTION",
    run_folder.PAGE: "PAGE",
}


def test_no_other_module_writes_out_the_name_of_a_file_of_a_run():
    found = [
        f"{module.shown}:{node.lineno}: `{node.value}` is weft.run_folder.{NAMES[node.value]}"
        for module in House(PACKAGE).modules.values()
        if module.name != "weft.run_folder"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in NAMES
    ]
    assert not found, "\n" + "\n".join(found)
