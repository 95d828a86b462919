"""The font of printed matter: one that knows Chinese, from a package or from the machine.

Looked for in the setting `FONT_PATH`, in the font package, in Debian's places, in this order.
"""

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_PACKAGE, _FILE = "pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"
_DEBIAN = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
)


class NoFont(RuntimeError):
    """No font that knows Chinese was found; the sentence names the places."""


@cache
def font_path() -> Path:
    """The font file. Raises NoFont."""
    named = os.environ.get("FONT_PATH", "")
    spec = find_spec(_PACKAGE)
    packaged = Path(spec.origin).parent / _FILE if spec and spec.origin else None
    for place in (Path(named) if named else None, packaged, *_DEBIAN):
        if place is not None and place.is_file():
            return place
    raise NoFont(
        "No font that knows Chinese: set FONT_PATH to one, install the package "
        "pylopdf-fonts-zh-cn, or Debian's fonts-wqy-microhei."
    )
