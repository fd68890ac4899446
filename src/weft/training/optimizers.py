"""The optimisers of dense weights: SGD, Adagrad, RMSprop, Adam and AdamW, without `torch.optim`.

Each gives torch's weights, and names its state as torch does. To build a `torch.optim.Optimizer` imports torch's
compiler, which has nothing to do here and takes more than a second of every process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from weft.models.torch_private import (
    adam_,
    adamw_,
    add_each,
    add_each_,
    add_products_,
    add_quotients_,
    multiply_each_,
    root_each,
)


class Optimizer:
    """Parameters in groups of one setting each, and tensors of state for each parameter."""

    names: tuple[str, ...] = ()
    """The tensors of state that are like their parameter; they start as zeros."""

    def __init__(self, parameters: Iterable[nn.Parameter | Mapping[str, Any]], settings: Mapping[str, Any]) -> None:
        """Take parameters, or groups of them under `params`, each with what differs from `settings`."""
        given = list(parameters)
        groups = [one for one in given if isinstance(one, Mapping)] or [{"params": given}]
        self.param_groups: list[dict[str, Any]] = [{**settings, **group} for group in groups]
        self.state: dict[Tensor, dict[str, Tensor]] = {
            one: {name: torch.zeros_like(one, requires_grad=False) for name in self.names}
            for group in self.param_groups
            for one in group["params"]
        }

    @torch.no_grad()
    def step(self) -> None:
        """Change the weights by their gradients; those without one stay."""
        for group in self.param_groups:
            weights = [one for one in group["params"] if one.grad is not None]
            if weights:
                states = [[self.state[one][name] for one in weights] for name in self.state[weights[0]]]
                self.change(group, weights, [one.grad for one in weights], *states)

    def change(self, settings: Mapping[str, Any], weights: list[Tensor], grads: list[Tensor], *states: Any) -> None:
        """Change weights of one group, in place, by their gradients and their tensors of state, a list for each."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for parameter in self.state:
            parameter.grad = None


class Sgd(Optimizer):
    """Gradient descent with momentum and L2 decay: `torch.optim.SGD`. Settings: lr, momentum, weight_decay."""

    def __init__(self, parameters: Iterable[nn.Parameter], settings: Mapping[str, Any]) -> None:
        self.names = ("momentum_buffer",) if settings["momentum"] else ()
        super().__init__(parameters, settings)

    def change(self, settings: Mapping[str, Any], weights: list[Tensor], grads: list[Tensor], *states: Any) -> None:
        """Take one step."""
        if settings["weight_decay"]:
            grads = [*add_each(grads, weights, alpha=settings["weight_decay"])]
        for buffers in states:
            multiply_each_(buffers, settings["momentum"])
            add_each_(buffers, grads)
            grads = buffers
        add_each_(weights, grads, alpha=-settings["lr"])


class Scaled(Optimizer):
    """Each entry's gradient over the root of its own squares, summed (Adagrad) or averaged (RMSprop).

    Settings: lr, eps, and what the squares so far (`keep`) and the new one (`add`) count. 1 and 1 give
    `torch.optim.Adagrad`, a and 1 - a give `torch.optim.RMSprop`.
    """

    names = ("squares",)

    def change(self, settings: Mapping[str, Any], weights: list[Tensor], grads: list[Tensor], *states: Any) -> None:
        """Take one step."""
        (squares,) = states
        multiply_each_(squares, settings["keep"])
        add_products_(squares, grads, grads, settings["add"])
        roots = root_each(squares)
        add_each_(roots, settings["eps"])
        add_quotients_(weights, grads, roots, -settings["lr"])


class Adam(Optimizer):
    """Adam in torch's fused kernels; its decay acts on the gradient (`torch.optim.Adam`) or the weights (`AdamW`).

    Settings: lr, betas, eps, weight_decay, decay.
    """

    names = ("exp_avg", "exp_avg_sq")

    def __init__(self, parameters: Iterable[nn.Parameter | Mapping[str, Any]], settings: Mapping[str, Any]) -> None:
        super().__init__(parameters, settings)
        for parameter, state in self.state.items():
            state["step"] = torch.zeros((), device=parameter.device)

    def change(self, settings: Mapping[str, Any], weights: list[Tensor], grads: list[Tensor], *states: Any) -> None:
        """Take one step."""
        means, squares, steps = states
        add_each_(steps, 1)
        kernel = adam_ if settings["decay"] == "gradient" else adamw_
        beta1, beta2 = settings["betas"]
        rest = {name: settings[name] for name in ("lr", "weight_decay", "eps")}
        kernel(
            weights, grads, means, squares, [], steps, beta1=beta1, beta2=beta2, **rest, amsgrad=False, maximize=False
        )
