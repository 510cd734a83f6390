# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing in docs/recipes goes untested: each section that has commands is run by a test that names the
recipe and the section, and no fence is of a kind that nobody runs."""
import pathlib
import re

from scene import SOURCE, check, check_equal, main, test
from recipe import Recipe

FENCES = re.compile(r"^```", re.MULTILINE)


def tests_of(recipe):
    """The text of the programs that run it."""
    folders = (pathlib.Path(__file__).parent, SOURCE / "tests" / "integration")
    texts = [path.read_text(encoding="utf-8") for folder in folders
             for path in folder.glob("*.py") if path.name != "scene.py"]
    return [text for text in texts if re.search(rf'recipe\("{recipe}"', text)]


@test
def each_section_with_commands_is_run():
    recipes = sorted((SOURCE / "docs" / "recipes").glob("*.md"))
    check(recipes, "there are no recipes")
    left = []
    for path in recipes:
        texts = tests_of(path.stem)
        left += [f"{path.name}: {title}" for title, blocks in Recipe.sections_of(path).items()
                 if blocks and not any(f'"{title}"' in text for text in texts)]
    check_equal(left, [], "what nobody runs")


@test
def each_fence_is_read():
    for path in (SOURCE / "docs" / "recipes").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        n_read = len(Recipe.FENCE.findall(text))
        check_equal(2 * n_read, len(FENCES.findall(text)), f"fences in {path.name}")
        for language, name, _ in Recipe.FENCE.findall(text):
            check(language in ("sh", "text") or name, f"{path.name}: {language} without a file")


main()
