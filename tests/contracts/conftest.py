"""What the contract tests share: one thread, and the members of a family of configs, listed or not."""

import importlib
import pkgutil

import pytest
import torch


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def members():
    """Finds the configs under a base that a user may choose by kind and that stand inside the package."""

    def below(base: type) -> set[type]:
        children = set(base.__subclasses__())
        return children.union(*(below(child) for child in children))

    def find(base: type, room: str) -> set[type]:
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            importlib.import_module(module.name)
        return {
            config
            for config in below(base)
            if config.__module__.startswith("weft.") and isinstance(config.model_fields["kind"].default, str)
        }

    return find
