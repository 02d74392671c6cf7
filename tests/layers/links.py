# SPDX-License-Identifier: MIT
"""Links between the documents lead somewhere, the README leads to each page, and files that the pages about the code name exist."""
import os
import re

import tree

ABOUT_CODE = ("contrib/CONTRIBUTING.md", "contrib/doc/design.md", "contrib/doc/threat-model.md", "contrib/doc/handbook.md",
              "contrib/doc/runbook.md", "contrib/doc/migrate-bind.md", "contrib/doc/migrate-knot.md",
              "contrib/doc/migrate-opendnssec.md")
ROOTS = "signer|keystore|policies|schema|tests|contrib"


def text_of(path):
    with open(os.path.join(tree.ROOT, path), encoding="utf-8") as file:
        return file.read()


def anchors(path):
    """As GitHub makes them of headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            for heading in re.findall(r"(?m)^#+ (.*)$", text_of(path))}


def faults_of(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if not os.path.exists(os.path.join(tree.ROOT, path)):
            yield f"{page}: {target} is not there"
        elif anchor and anchor not in anchors(path):
            yield f"{page}: {path} has no heading for #{anchor}"
    if page in ABOUT_CODE:
        for name in re.findall(rf"`((?:{ROOTS})/[\w./-]+)", text_of(page)):
            if "NAME" not in name and not os.path.exists(os.path.join(tree.ROOT, name.rstrip("."))):
                yield f"{page}: {name} is not there"


def main():
    pages = [path for path in tree.files(("contrib",), (".md",))] + ["README.md"]
    faults = [fault for page in pages for fault in faults_of(page)]
    linked = {os.path.normpath(target.split("#")[0]) for target in re.findall(r"\]\(([^)\s]+)\)", text_of("README.md"))}
    for page in pages:
        if page.startswith(("contrib/doc/", "contrib/CONTRIBUTING")) and page not in linked:
            faults.append(f"README.md has no link to {page}")
    tree.conclude("links", len(pages), faults)


main()
