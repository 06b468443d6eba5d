"""Measure angle contraction at initialisation for every network of an experiment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from poolbench.core.cell import DataSpec
from poolbench.core.contraction import (
    ContractionSettings,
    Observed,
    PairSource,
    Setup,
    Similarities,
    Sweep,
    read_similarities,
)
from poolbench.core.data_root import data_root
from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault
from poolbench.core.events import Event, Kind
from poolbench.core.named import Named
from poolbench.core.plugin_source import as_stored
from poolbench.data.fingerprint import fingerprint
from poolbench.data.splits import Splits
from poolbench.probes.contraction import REVISION, TOY_PAIRS
from poolbench.probes.contraction.toy import toy_pair
from poolbench.runtime.contraction_setup import draw_pairs, measure_setup
from poolbench.runtime.data_cache import DataCache
from poolbench.runtime.devices import open_device
from poolbench.runtime.provenance import describe
from poolbench.store.documents import to_bytes
from poolbench.store.findings import read_finding, save_finding
from poolbench.store.store import Store


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One network on one source of pairs, at one size."""

    label: str
    network: Named
    source: PairSource
    size: int | None = None


def observe(
    settings: ContractionSettings,
    *,
    store: Path,
    root: Path | None = None,
    device: str | None = None,
    on_event: Callable[[Event], None] = lambda _: None,
) -> list[Observed]:
    """Measure what is not in the store yet, and return everything.

    The result of each network is stored at once, so a later, larger experiment measures only what
    is new.

    Args:
        settings: What to measure.
        store: Folder of the run store; created if missing.
        root: Folder of data sets.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; the CPU by default.
        on_event: Called with every event, for a display.

    Returns:
        The results for each network, source of pairs and size, in the suite's order; without
        similarities if the data are missing.

    Raises:
        BadInput: An operator or the number of pairs is invalid.
        EnvironmentFault: The device or the store cannot be used.
    """
    observer = _Observer(
        Store.create(store), data_root(root), open_device(device or "cpu"), on_event
    )
    return [observer.observe(case, settings) for case in _cases(settings)]


def _cases(settings: ContractionSettings) -> Iterator[_Case]:
    for label, network in settings.networks.items():
        for source in settings.data:
            case = _Case(label=label, network=network, source=source)
            if settings.sweep is None:
                yield case
            else:
                yield from _swept(case, settings.sweep)


def _swept(case: _Case, sweep: Sweep) -> Iterator[_Case]:
    for index, size in enumerate(sweep.values):
        network, source = dict(case.network.options), dict(case.source.source.options)
        if sweep.over == "pool_size":
            pools = network["width"] // network["group_size"]
            network |= {"group_size": size, "width": pools * size}
        else:
            source |= {"size_px": size}
        if sweep.kernel_sizes:
            network |= {"kernel_size": sweep.kernel_sizes[index]}
        yield replace(
            case,
            network=replace(case.network, options=network),
            source=replace(case.source, source=replace(case.source.source, options=source)),
            size=size,
        )


class _Observer:
    """Measures cases, one seed after another."""

    def __init__(
        self,
        store: Store,
        root: Path | None,
        device: torch.device,
        on_event: Callable[[Event], None],
    ) -> None:
        self._store, self._root, self._device = store, root, device
        self._data_cache = DataCache(root, torch.device("cpu"))
        self._on_event = on_event

    def observe(self, case: _Case, settings: ContractionSettings) -> Observed:
        """Return the results of every seed of a case."""
        observed = Observed(network=case.label, source=case.source, size=case.size, seeds=())
        try:
            setups = self._setups(case, settings)
            known = [self._known(setup) for setup in setups]
            splits = self._splits(setups[0]) if None in known else None
        except EnvironmentFault as fault:
            for seed in settings.seeds:
                self._tell("failed", case, seed, detail="missing data")
            return replace(observed, missing=fault.message)
        seeds = []
        for setup, finding in zip(setups, known, strict=True):
            seeds.append(finding or self._measured(case, setup, splits))
            self._tell("finished", case, setup.seed)
        return replace(observed, seeds=tuple(seeds))

    def _known(self, setup: Setup) -> Similarities | None:
        finding = read_finding(self._store, setup.key)
        with suppress(Damaged):  # then it is measured again
            return None if finding is None else read_similarities(to_bytes(finding))
        return None

    def _setups(self, case: _Case, settings: ContractionSettings) -> list[Setup]:
        source = case.source.source
        is_toy = source.name in TOY_PAIRS
        checksum = TOY_PAIRS[source.name].checksum if is_toy else fingerprint(source, self._root)
        return [
            Setup(
                network=case.network,
                source=source,
                checksum=checksum,
                is_centred=case.source.is_centred,
                shift=case.source.shift,
                pools=tuple(settings.pools.values()),
                pairs=1 if is_toy else settings.pairs,
                seed=seed,
                batch_norm=settings.batch_norm,
                revision=REVISION,
            )
            for seed in settings.seeds
        ]

    def _splits(self, setup: Setup) -> Splits | None:
        if setup.source.name in TOY_PAIRS:
            return None
        return self._data_cache.splits(DataSpec(source=setup.source, checksum=setup.checksum))

    def _measured(self, case: _Case, setup: Setup, splits: Splits | None) -> Similarities:
        self._tell("started", case, setup.seed)
        if splits is None:
            images = toy_pair(**setup.source.options) + setup.shift
        else:
            images = draw_pairs(setup, splits)
        similarities = measure_setup(
            setup,
            images,
            self._device,
            lambda done: self._tell("progress", case, setup.seed, fraction=done / setup.pairs),
        )
        document = {
            "setup": as_stored(setup),
            "environment": describe(self._device),
            **similarities.to_json(),
        }
        save_finding(self._store, setup.key, document)
        return similarities

    def _tell(
        self, kind: Kind, case: _Case, seed: int, *, fraction: float = 0.0, detail: str = ""
    ) -> None:
        size = "" if case.size is None else f" · size {case.size}"
        label = f"{case.label} · {case.source.label}{size} · seed {seed}"
        self._on_event(Event(kind=kind, cell=label, label=label, fraction=fraction, detail=detail))
