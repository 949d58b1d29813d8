"""A phantom as the CT, brought once, and films that are drawn quickly."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace

import nibabel
import numpy as np
import pytest
from django.core.management import call_command

from learning.endless import ct, stock
from ml.simulate import base as volumes
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import Aim, generate
from ml.simulate.layers import layers_of
from ml.simulate.plans import Plan
from tests.learning.endless.made import SIZE
from tests.ml import phantom


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """CT and labels of a phantom as NIfTI."""
    folder = tmp_path_factory.mktemp("endless")
    found = []
    for name, values in zip(("ct", "labels"), phantom.volume(), strict=True):
        turned = values.transpose(2, 1, 0)[::-1, ::-1, ::-1]
        image = nibabel.Nifti1Image(np.ascontiguousarray(turned), np.diag([2.0, 2.0, 2.0, 1.0]))
        found.append(folder / f"{name}.nii.gz")
        nibabel.save(image, found[-1])
    return found


@pytest.fixture(scope="module")
def kept(files, tmp_path_factory):
    """The folder that `bring` keeps of them, to be copied."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.DATA_DIR", folder)
        patch.setattr(ct, "NEEDED_BYTES", 0)
        call_command("bring_ct", ct=files[0], labels=files[1], stdout=io.StringIO())
    return folder / "films"


@pytest.fixture(scope="module")
def drawn(kept):
    """One film as the simulator draws it; making another takes seconds."""
    anatomy = Anatomy(volumes.opened(kept / "ct"))
    return generate(anatomy, "any", Plan(("nodule",)), 1, Aim(1.5, 3.0), SIZE)


@pytest.fixture
def quick(drawn, monkeypatch):
    """Every film looks alike; all that is done with it is real."""
    monkeypatch.setattr("ml.simulate.run.generate", lambda _, key, *a, **k: replace(drawn, key=key))

    def layers(anatomy, sitting, names, **options):
        return layers_of(anatomy, sitting, ("nodule",) * len(sitting.placed), **options)

    monkeypatch.setattr("ml.simulate.document.layers_of", layers)


@pytest.fixture
def data(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.MADE_FILMS_MB = 2000
    return tmp_path


@pytest.fixture
def plenty(monkeypatch):
    """Whatever is free on this machine's disk."""
    monkeypatch.setattr(stock, "LEAVES_FREE", 0)
    monkeypatch.setattr(ct, "NEEDED_BYTES", 0)


@pytest.fixture
def brought(kept, data, plenty, db):
    shutil.copytree(kept, data / "films")
    return ct.folder()
