# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/recipes/NAME.md as a program: what stands there in fences is what the test runs.

    ```sh                    run, in the folder scene.work
    ```nginx nginx.conf      any other language with a file's name: that file, written there
    ```text                  for readers: what a program says; left out

A section is what follows a heading ("## Log in") up to the next one. run("Log in", …) runs the
blocks of these sections in their order, all commands in one shell, so that a variable set above is
still set below; the first command that fails ends it, and the test. A recipe speaks of www.example.org
and such; words has what stands there in this scene: {"443": port}.

Nothing in a recipe goes untested: test_recipes.py finds sections that no test names.
"""
import re

from keycask_test import SOURCE, Failure, check

class Recipe:
    FENCE = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)

    def __init__(self, scene, name, words):
        self.scene = scene
        self.path = SOURCE / "docs" / "recipes" / f"{name}.md"
        self.words = words
        self.sections = self.sections_of(self.path)

    @classmethod
    def sections_of(cls, path):
        """{title: blocks}, a block as (language, file, content)."""
        parts = re.split(r"^##+ +(.*)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        return {title: [block for block in cls.FENCE.findall(body) if block[0] != "text"]
                for title, body in zip(parts[1::2], parts[2::2])}

    def _fill_in(self, content):
        for word, here in sorted(self.words.items(), key=lambda pair: -len(pair[0])):
            content = content.replace(word, str(here))
        return content

    def script(self, *titles):
        """The commands of these sections; their files are written."""
        lines = ["set -eu"]
        for title in titles:
            check(self.sections.get(title), f"{self.path.name} has no commands in {title!r}")
            for language, name, content in self.sections[title]:
                if language == "sh":
                    lines.append(self._fill_in(content))
                elif name:
                    lines.append(f"cp '{self._put_aside(content)}' '{name}'")
                else:
                    raise Failure(f"{self.path.name}: a block of {language} without a file's name")
        return "\n".join(lines)

    def _put_aside(self, content):
        """It becomes the file when the shell comes to it."""
        path = self.scene.work / f".block-{len(list(self.scene.work.glob('.block-*')))}"
        path.write_text(self._fill_in(content), encoding="utf-8")
        return path

    def run(self, *titles, **options):
        """Standard output and error of all commands."""
        return self.scene.run("sh", "-c", self.script(*titles), **options)

    def start(self, *titles, **options):
        """The same for what goes on: the shell's process."""
        return self.scene.start("sh", "-c", self.script(*titles), **options)
