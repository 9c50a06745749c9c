"""A person who has no mouse: walks by Tab, presses Enter and Space, types; and minds where the focus is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playwright.sync_api import Locator

from .tab import Tab

# More stops than any page has.
MOST_STOPS = 150
# What is wrong with the element that has the focus: no ring, out of sight, covered by something, too small to hit.
# A link in a sentence may be smaller (2.5.8); one inside a label is pressed by the label.
JUDGE = """(wanted) => {
  const element = document.activeElement, box = element.getBoundingClientRect(), trouble = [];
  // A card whose link is all of it bears the ring itself.
  const bears = [element, element.closest("li")].filter(Boolean).map((one) => getComputedStyle(one));
  if (bears.every(({outlineStyle, outlineWidth}) => outlineStyle === "none" || parseFloat(outlineWidth) < 2))
    trouble.push("no ring");
  const [x, y] = [box.x + box.width / 2, box.y + Math.min(box.height, 40) / 2];
  if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) trouble.push("out of sight");
  else {
    const top = document.elementFromPoint(x, y), label = element.labels?.[0];
    const own = top && (element.contains(top) || top.contains(element) || label?.contains(top));
    if (!own) trouble.push(`covered by ${top?.outerHTML.slice(0, 80)}`);
  }
  const inSentence = getComputedStyle(element).display === "inline";
  if (!inSentence && Math.min(box.width, box.height) < 24) trouble.push(`${box.width} by ${box.height} px`);
  return {
    there: element === wanted,
    trouble: trouble.map((line) => `${location.pathname}: ${element.outerHTML.slice(0, 100)}: ${line}`),
  };
}"""
IS_AT = "(element) => document.activeElement === element"


class Keyboard:
    """Hands on the keys of one tab.

    Attributes:
        stops: how often Tab was pressed.
        trouble: what was wrong where the focus stopped.
    """

    def __init__(self, tab: Tab) -> None:
        self.tab, self.page = tab, tab.page
        self.stops = 0
        self.trouble: list[str] = []

    def reach(self, target: Locator) -> Locator:
        """Tab on until the focus is there."""
        wanted = target.element_handle()
        if target.evaluate(IS_AT):
            return target
        for _stop in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            self.stops += 1
            found = self.page.evaluate(JUDGE, wanted)
            self.trouble += found["trouble"]
            if found["there"]:
                return target
        raise AssertionError(f"Tab does not lead to {target} on {self.page.url}")

    def follow(self, target: Locator) -> Keyboard:
        """Press Enter on a link or a button that leads to another page."""
        self.reach(target)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self

    def fill_in(self, typed: Mapping[str, str], *, tick: bool = True) -> Keyboard:
        """Type into the fields of the form, in their order, tick its boxes if wanted, and send it."""
        form = self.tab.form
        for name, text in typed.items():
            control = form.locator(f'[name="{name}"]').first
            kind = control.evaluate("element => element.type")
            if kind == "radio":
                self._choose(form, name, text)
            elif text and kind == "select-one":
                self._select(self.reach(control), text)
            elif text:
                self.reach(control)
                self.page.keyboard.press("Control+A")
                self.page.keyboard.type(text)
        for box in form.locator("input[type=checkbox]").all() if tick else ():
            if not box.is_checked():
                self.reach(box)
                self.page.keyboard.press("Space")
        return self.follow(form.locator("button").first)

    def _select(self, control: Locator, text: str) -> None:
        # Typing a name chooses it, as people do it.
        label = control.locator(f'option[value="{text}"]').inner_text()
        self.page.keyboard.type(re.split(r"\W", label)[0])
        assert control.input_value() == text, label

    def _choose(self, form: Locator, name: str, text: str) -> None:
        """Tab leads into the group, arrows within it."""
        wanted = form.locator(f'[name="{name}"][value="{text}"]')
        group = form.locator(f'[name="{name}"]')
        checked = group.and_(self.page.locator(":checked"))
        self.reach(checked.first if checked.count() else group.first)
        self.page.keyboard.press("Space")
        for _press in range(group.count()):
            if wanted.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows do not lead to {text} of {name}")
