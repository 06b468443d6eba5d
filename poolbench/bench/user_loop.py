"""The training loop a user would write, as in the libraries' tutorials, without tricks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from poolbench.bench.network import fresh_network
from poolbench.data.splits import Split
from poolbench.operators.max import Max
from poolbench.operators.window import Window

DESCRIPTION = (
    "a user's loop: torchvision transforms on PIL images, DataLoader in its own process, NCHW, "
    "fp32 (a GPU's convolutions in tf32, torch's default), torch's max pooling, torch.optim.SGD, "
    "loss.item() each step"
)


def user_loader(split: Split, batch_size: int) -> Iterable[tuple[Tensor, Tensor]]:
    """Return shuffled batches, ``(B, C, H, W)`` in [0, 1] and labels, from per-image transforms.

    Args:
        split: Images on the CPU; if they have colour they are cropped and flipped at random.
        batch_size: Images per batch.
    """
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    side, channels = split.images.shape[-2:]
    augment = [transforms.RandomCrop(side, padding=4), transforms.RandomHorizontalFlip()]
    transform = transforms.Compose([*(augment if channels == 3 else []), transforms.ToTensor()])
    pictures = split.images.numpy()
    labels = split.labels.tolist()

    class Pictures(Dataset[tuple[Tensor, int]]):
        def __len__(self) -> int:
            return len(labels)

        def __getitem__(self, index: int) -> tuple[Tensor, int]:
            return transform(Image.fromarray(pictures[index].squeeze())), labels[index]

    return DataLoader(Pictures(), batch_size=batch_size, shuffle=True)


def user_loop(
    model: str,
    loader: Iterable[tuple[Tensor, Tensor]],
    device: torch.device,
    seed: int = 0,
) -> tuple[Callable[[], None], nn.Module]:
    """Return a function that trains for one more epoch at each call, and the network it trains.

    Args:
        model: A network of the catalogue.
        loader: Batches from :func:`user_loader`.
        device: Device to train on.
        seed: Seed of the network's initial state.
    """
    network = fresh_network(model, device, seed)
    _pool_by_torch(network)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)

    def run() -> None:
        network.train()
        total = 0.0
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=True):  # torch's own defaults
            for images, targets in loader:
                loss = F.cross_entropy(network(images.to(device)), targets.to(device))
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                optimizer.step()
                total += loss.item()

    return run, network


def _pool_by_torch(network: nn.Module) -> None:
    """Replace our max pooling by torch's."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, Max):
                setattr(module, name, _torch_max(child.window))


def _torch_max(window: Window | None) -> nn.Module:
    if window is None:
        return nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
    return nn.MaxPool2d(
        window.kernel_size, window.stride, window.padding, ceil_mode=window.ceil_mode
    )
