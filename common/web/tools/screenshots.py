"""Take the pictures of the client that README.md and the lessons show.

    ./lab up 0
    .venv/bin/python common/web/tools/screenshots.py --url http://127.0.0.1:8000

makes a small world through the API (five people, four conversations) and writes docs/images/.
With --every DIRECTORY it takes every view in both themes at three widths instead, to look at.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from web_support.browsers import Browsers, chromium
from web_support.views import LOGGED_IN, VIEWS, show
from web_support.world import World, make_world

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
WIDTHS = {"phone": (320, 640), "tablet": (768, 1024), "wide": (1440, 900)}
PICTURES = {
    "chat-light": ("conversation", "light", (1280, 800)),
    "chat-dark": ("conversation", "dark", (1280, 800)),
    "chat-xray": ("xray", "light", (1280, 860)),
    "chat-phone": ("conversation", "light", (390, 780)),
}


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="a running phase")
    parser.add_argument("--every", type=Path, metavar="DIRECTORY", help="every view, to look at")
    arguments = parser.parse_args()
    url: str = arguments.url.rstrip("/")
    with chromium() as browser:
        browsers = Browsers(browser, url)
        if arguments.every:
            for view in VIEWS:
                world = make_world(url)
                for theme in ("light", "dark"):
                    for name, size in WIDTHS.items():
                        target = arguments.every / f"{view}-{theme}-{name}.png"
                        take(browsers, world, view, theme, size, target)
        else:
            for name, (view, theme, size) in PICTURES.items():
                take(browsers, make_world(url), view, theme, size, IMAGES / f"{name}.png")
        browsers.close()


def take(
    browsers: Browsers, world: World, view: str, theme: str, size: tuple[int, int], target: Path
) -> None:
    """Bring a fresh browser to a view and write its picture."""
    world.something_new()
    viewport = {"width": size[0], "height": size[1]}
    options = {"viewport": viewport, "color_scheme": theme, "reduced_motion": "reduce"}
    tokens = world.hero.log_in() if view in LOGGED_IN else None
    chat = browsers.tab(browsers.context(tokens, **options))
    show(view, chat, world)
    target.parent.mkdir(parents=True, exist_ok=True)
    chat.page.screenshot(path=target)
    chat.page.context.close()
    print(target)


if __name__ == "__main__":
    main()
