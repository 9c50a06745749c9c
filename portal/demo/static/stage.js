// Keeps the stage up to date, and gives it one key. Without this script its buttons load the page anew.
(() => {
  const LOOK = 400, arrives = "arrives";
  let box = document.getElementById("stage"), busy = false, last = Promise.resolve();

  // What has just come is let in one after the other, so that an audience sees the way of a click.
  function letIn(next) {
    const before = next.dataset.position === box.dataset.position ? box.querySelectorAll(".way > li") : [];
    next.querySelectorAll(".way > li").forEach((stop, index) => {
      const was = before[index]?.className ?? "";
      if (stop.className === "way__done" && !was.startsWith("way__done")) stop.classList.add(arrives);
    });
    const sentence = next.querySelector("#sentence");
    if (sentence.textContent !== box.querySelector("#sentence").textContent) sentence.classList.add(arrives);
  }

  async function refresh() {
    const answer = await fetch(box.dataset.view, { headers: { "If-None-Match": `"${box.dataset.tag}"` }, signal: AbortSignal.timeout(9999) });
    if (answer.status !== 200) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html"), next = page.getElementById("stage");
    if (page.documentElement.lang !== document.documentElement.lang) return location.reload();
    // While something is pressed its click would be lost; the next look brings the same.
    if (document.querySelector(":active")) return;
    const at = document.activeElement, inside = box.contains(at) && at.id;
    letIn(next);
    box.replaceWith(next);
    box = next;
    box.setAttribute("aria-busy", busy);
    if (inside) document.getElementById(inside)?.focus({ preventScroll: true });
  }

  // In turn, or an older answer could replace a newer one.
  const look = () => (last = last.then(refresh).catch(() => {}));

  async function send(form) {
    if (busy) return;
    busy = true;
    box.setAttribute("aria-busy", busy);
    document.getElementById("menu").open = false;
    try {
      // It leads to this page, of which only what has changed is fetched: a press meanwhile would count for nothing.
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
      if (answer.type !== "opaqueredirect") location.reload();
    } finally {
      busy = false;
      await look();
      box.setAttribute("aria-busy", busy);
    }
  }

  addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-step]")) return;
    event.preventDefault();
    send(event.target);
  });

  addEventListener("keydown", (event) => {
    const free = document.activeElement === document.body || document.activeElement.id === "main";
    if (event.key !== "PageDown" && !(event.key === " " && free)) return;
    event.preventDefault();
    const next = document.getElementById("next");
    if (next && !event.repeat) send(next.form);
  });

  setInterval(() => document.hidden || look(), LOOK);
})();
