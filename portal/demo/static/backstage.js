// Backstage: asks for news every second while it is open, fetches a call when its line is unfolded, copies code.
(() => {
  const root = document.documentElement, panel = document.getElementById("backstage"), say = document.createElement("div");
  let box = document.getElementById("backstage-live"), tag = "", timer = 0;
  root.classList.add("bs-js");
  say.id = "backstage-say";
  say.className = "vh";
  say.setAttribute("role", "status");
  document.body.append(say);

  const parse = (text) => new DOMParser().parseFromString(text, "text/html");
  const isOpen = () => box && !document.hidden && (!panel || panel.open);

  // Lines that are there already stay: unfolded as they are, with what was fetched into them.
  function merge(next) {
    const focus = document.activeElement, scroller = panel ? box.parentElement : root;
    const below = scroller.scrollTop && scroller.scrollHeight - scroller.scrollTop;
    for (const line of next.querySelectorAll("details[id]")) {
      const old = document.getElementById(line.id), isLine = line.matches(".bs-line");
      if (old && isLine) line.replaceWith(old);
      else if (old) line.open = old.open;
      else line.classList.toggle("bs-new", isLine);
    }
    if (next.dataset.say !== box.dataset.say) say.textContent = next.dataset.say;
    box.replaceWith(next);
    box = next;
    if (below) scroller.scrollTop = scroller.scrollHeight - below;
    (focus.isConnected ? focus : document.getElementById(focus.id))?.focus({ preventScroll: true });
  }

  async function look() {
    const answer = await fetch(box.dataset.live, { headers: tag ? { "If-None-Match": tag } : {}, signal: AbortSignal.timeout(5000) });
    if (!answer.ok) return;
    const page = parse(await answer.text());
    // While something is pressed its click would be lost; the next look brings the same.
    if (document.querySelector(":active")) return;
    tag = answer.headers.get("ETag");
    merge(page.getElementById("backstage-live"));
  }

  function watch() {
    clearTimeout(timer);
    if (isOpen()) look().catch(() => {}).finally(() => { timer = setTimeout(watch, 1000); });
  }

  async function unfold(line) {
    const full = line.querySelector(".bs-line__full"), link = full?.querySelector(":scope > a");
    if (!line.open || !link) return;
    const answer = await fetch(link.href);
    if (answer.ok) full.replaceChildren(...parse(await answer.text()).getElementById("entry").children);
  }

  async function copy(button) {
    const code = document.getElementById(button.dataset.copy), name = button.textContent;
    getSelection().selectAllChildren(code);
    // Without a secure context, as in a LAN, the selection is for the person to copy.
    if (!navigator.clipboard) return;
    await navigator.clipboard.writeText(code.textContent);
    say.textContent = button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = name; }, 1500);
  }

  document.addEventListener("toggle", (event) => {
    const line = event.target;
    if (line.matches(".bs-line")) unfold(line).catch(() => {});
    if (line !== panel) return;
    document.cookie = `backstage=${panel.open ? "open" : "closed"};path=/;max-age=31536000;samesite=lax`;
    watch();
  }, true);
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".bs-copy");
    if (button) copy(button).catch(() => {});
  });
  document.addEventListener("visibilitychange", watch);
  addEventListener("pageshow", watch);
})();
