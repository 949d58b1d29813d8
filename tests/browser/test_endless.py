"""A film that is made for a learner, from the page that waits for it to what is told of it."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import grave_problems
from tests.ml import phantom

pytestmark = pytest.mark.browser

MAKE = """
from learning.endless import making, stock
stock.AHEAD, stock.LEAVES_FREE = {stock.ENDLESS: 1}, 0
print(making.fill(240, gated=False), "made")
"""


@pytest.fixture(scope="module")
def ct(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ct")
    files = []
    for name, values in zip(("ct", "labels"), phantom.volume(), strict=True):
        turned = values.transpose(2, 1, 0)[::-1, ::-1, ::-1]
        image = nibabel.Nifti1Image(np.ascontiguousarray(turned), np.diag([2.0, 2.0, 2.0, 1.0]))
        files.append(folder / f"{name}.nii.gz")
        nibabel.save(image, files[-1])
    return files


def test_a_film_that_was_made_is_played_to_its_feedback(player, ct):
    game, page = player.game, player.page
    page.goto(f"{game.address}/endless/")
    expect(page.locator(".message")).to_contain_text("No CT is here to make films from.")
    expect(page.get_by_role("link", name="Next case of the library")).to_be_visible()
    game.manage("bring_ct", "--ct", str(ct[0]), "--labels", str(ct[1]))
    page.reload()
    expect(page.locator(".message")).to_contain_text("Your next films are being made")
    assert not grave_problems(page)
    assert "made" in game.manage("shell", "-c", MAKE)
    page.get_by_role("link", name="Look again").click()
    expect(page.locator(".endless")).to_contain_text("1 film waits for you")
    page.get_by_role("link", name="Next film").click()
    player.wait_until_shown()
    expect(page.locator(".chip.simulated")).to_be_visible()
    player.choose("nodule")
    player.draw((0.3, 0.3, 0.4, 0.4))
    player.submit()
    player.wait_for_feedback()
    onward = page.get_by_role("link", name="Next case")
    assert "/endless/next/" in (onward.get_attribute("href") or "")
    onward.click()
    expect(page.locator("h1")).to_have_text("Endless")
    game.manage(
        "shell", "-c", "import shutil; from learning.endless import ct; shutil.rmtree(ct.folder())"
    )
