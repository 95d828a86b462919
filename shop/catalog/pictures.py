"""A picture file made safe and small: checked by its content, re-encoded, in three widths.

Separate from media.py, which knows products: here are bytes in and file keys out. Re-encoding
drops metadata (a phone's position among it) and whatever else was hidden in the file.
"""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from shop.kernel import files
from shop.kernel.errors import Invalid
from shop.kernel.words import Words, _l

MAX_BYTES = 15 * 1024 * 1024
WIDTHS = (240, 480, 960)
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_MAX_HEIGHT_RATIO = 4
Image.MAX_IMAGE_PIXELS = 50_000_000


class BadPicture(Invalid):
    """The file is no picture that we can take."""

    code = "bad_picture"

    def __init__(self, message: Words) -> None:
        super().__init__(message, field="picture")


@dataclass(frozen=True)
class Encoded:
    """A stored picture."""

    sizes: dict[str, str]
    """File key by width in pixels."""
    width: int
    height: int
    """Of the largest size."""


def encode(content: bytes) -> Encoded:
    """Store the picture in all widths; a small one is never blown up.

    Raises BadPicture with a sentence that says what is wrong with the file.
    """
    if len(content) > MAX_BYTES:
        raise BadPicture(
            _l("The picture is larger than %(count)s megabytes.", count=MAX_BYTES // 2**20)
        )
    image = _opened(content)
    sizes = {width: _fitted(image, width) for width in WIDTHS}
    largest = sizes[WIDTHS[-1]]
    return Encoded(
        {str(width): files.put(_webp(sized), ".webp") for width, sized in sizes.items()},
        largest.width,
        largest.height,
    )


def _opened(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                upright = ImageOps.exif_transpose(image)
                transparent = "A" in upright.getbands() or "transparency" in upright.info
                return upright.convert("RGBA" if transparent else "RGB")
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise BadPicture(_l("The picture has too many pixels.")) from error
        except UnidentifiedImageError as error:
            raise BadPicture(
                _l("This file is no picture. Please choose a JPEG, PNG, WebP or GIF file.")
            ) from error
        except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for broken files
            raise BadPicture(_l("The picture file is damaged.")) from error


def _fitted(image: Image.Image, width: int) -> Image.Image:
    sized = image.copy()
    sized.thumbnail((width, width * _MAX_HEIGHT_RATIO), Image.Resampling.LANCZOS)
    return sized


def _webp(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=82, method=4)
    return out.getvalue()
