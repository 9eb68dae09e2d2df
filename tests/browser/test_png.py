"""Pictures for the guides get smaller and show the same."""

from __future__ import annotations

import base64

from .conftest import Visiting
from .png import size_of, smaller

PAGE = """
<body style="margin: 0; background: linear-gradient(90deg, #fff, #fed)">
<h1 style="margin: 0; padding: 20px; width: 360px; color: #0b5cad">Blue Harbor Trading</h1>
"""
# The greatest difference of a colour channel of any pixel.
DIFFERENCE = """async (pictures) => {
    const [one, other] = await Promise.all(pictures.map(async (picture) => {
        const bytes = Uint8Array.from(atob(picture), (char) => char.charCodeAt(0));
        const image = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
        const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
        canvas.drawImage(image, 0, 0);
        return canvas.getImageData(0, 0, image.width, image.height).data;
    }));
    return one.reduce((most, value, at) => Math.max(most, Math.abs(value - other[at])), 0);
}"""


def test_a_picture_gets_smaller_and_shows_the_same(visit: Visiting) -> None:
    with visit() as person:
        tab = person.new_tab()
        tab.set_content(PAGE)
        taken = tab.get_by_role("heading").screenshot()
        small = smaller(taken)
        pictures = [base64.b64encode(picture).decode() for picture in (taken, small)]
        difference = tab.evaluate(DIFFERENCE, pictures)
    assert size_of(small) == size_of(taken)
    assert size_of(small)[0] == 400
    assert len(small) < 0.7 * len(taken)
    assert difference < 64
