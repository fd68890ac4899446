"""Torch's private parts do what their names here say, and stand in one file."""

import ast
from pathlib import Path

import pytest
import torch

import weft
from weft.models import torch_private

HERE = Path(torch_private.__file__)


def lists(count):
    torch.manual_seed(0)
    return [[torch.rand(2, 3) + 0.1, torch.rand(4) + 0.1] for _ in range(count)]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda a, b, c: torch_private.add_each(a, b, alpha=2), lambda a, b, c: a + 2 * b),
        (lambda a, b, c: torch_private.add_each_(a, b, alpha=-0.5), lambda a, b, c: a - 0.5 * b),
        (lambda a, b, c: torch_private.add_each_(a, 3), lambda a, b, c: a + 3),
        (lambda a, b, c: torch_private.multiply_each_(a, 0.5), lambda a, b, c: a / 2),
        (lambda a, b, c: torch_private.multiply_each_(a, torch.tensor(0.5)), lambda a, b, c: a / 2),
        (lambda a, b, c: torch_private.add_products_(a, b, c, 2), lambda a, b, c: a + 2 * b * c),
        (lambda a, b, c: torch_private.add_quotients_(a, b, c, -2), lambda a, b, c: a - 2 * b / c),
        (lambda a, b, c: torch_private.root_each(a), lambda a, b, c: a**0.5),
        (lambda a, b, c: torch_private.move_each_(a, b, 0.25), lambda a, b, c: 0.75 * a + 0.25 * b),
        (lambda a, b, c: torch_private.norm_each(a), lambda a, b, c: (a * a).sum() ** 0.5),
    ],
)
def test_a_function_on_lists(function, expected):
    exact = [expected(*one) for one in zip(*lists(3), strict=True)]
    given = lists(3)
    found = function(*given)
    torch.testing.assert_close(list(given[0] if found is None else found), exact)


@pytest.mark.parametrize(("name", "peer"), [("adam_", torch.optim.Adam), ("adamw_", torch.optim.AdamW)])
def test_a_step_of_adam(name, peer):
    weights, grads = lists(2)
    theirs = [torch.nn.Parameter(one.clone()) for one in weights]
    for one, grad in zip(theirs, grads, strict=True):
        one.grad = grad.clone()
    peer(theirs, lr=0.1, weight_decay=0.1).step()
    means, squares, steps = ([one.new_zeros(shape) for one, shape in shapes] for shapes in _states(weights))
    rest = {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.1, "eps": 1e-8}
    steps = [one + 1 for one in steps]
    getattr(torch_private, name)(weights, grads, means, squares, [], steps, amsgrad=False, maximize=False, **rest)
    torch.testing.assert_close(weights, [one.detach() for one in theirs])


def _states(weights):
    like = [(one, one.shape) for one in weights]
    return like, like, [(one, ()) for one in weights]


def test_listed_rows_are_not_merged():
    gradient = torch.sparse_coo_tensor([[2, 0, 2]], torch.arange(6.0).view(3, 2), (4, 2), check_invariants=True)
    rows_N, parts_ND = torch_private.listed_rows(gradient)
    assert rows_N.tolist() == [2, 0, 2]
    assert parts_ND.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_a_seed_of_the_cpu_is_that_of_torch():
    torch_private.seed_cpu(7)
    found = torch.rand(3)
    torch.manual_seed(7)
    assert torch.equal(found, torch.rand(3))


def test_whether_the_cpu_has_bfloat16():
    assert torch_private.cpu_has_bfloat16() in (True, False)


def private_uses(code):
    """The private names of torch in a module: `torch.x._y`, `tensor._indices`, and its default generator."""
    tree, found = ast.parse(code), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            root = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            of_torch = isinstance(root, ast.Name) and root.id in ("torch", "nn", "functional", "dist")
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            on_tensors = private and hasattr(torch.Tensor, node.attr)
            if (of_torch and (private or node.attr == "default_generator")) or on_tensors:
                found.append(node.attr)
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name.startswith("torch._")]
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "torch":
            names = [*(node.module or "").split("."), *(one.name for one in node.names)]
            found += [name for name in names if name.startswith("_")]
    return found


def test_no_other_file_uses_what_is_private_in_torch():
    files = [file for file in Path(weft.__file__).parent.rglob("*.py") if file != HERE]
    found = {file.name: uses for file in files if (uses := private_uses(file.read_text(encoding="utf-8")))}
    assert found == {}
    assert len(private_uses(HERE.read_text(encoding="utf-8"))) > 10


@pytest.mark.parametrize(
    "code", ["torch._foreach_add(a, b)", "torch.cpu._x()", "grad._indices()", "from torch._C import x"]
)
def test_a_private_use_would_be_found(code):
    assert private_uses(code)
