// Keeps an open progress page up to date: by its stream, else by asking.
(() => {
  const id = (name) => document.getElementById(name), root = document.documentElement;
  let box = id("status"), last = Promise.resolve(), timer = 0, wait, stream;

  function live(yes) {
    const note = id("live-note"), time = id("as-of");
    if (!yes && "on" in note.dataset)
      time.textContent = new Date().toLocaleString(root.lang === "en" ? "en-GB" : root.lang, { dateStyle: "long", timeStyle: "short", timeZone: time.dataset.zone });
    note.toggleAttribute("data-on", yes && !("final" in box.dataset));
  }

  async function refresh() {
    const answer = await fetch(box.dataset.fragment, { headers: { "If-None-Match": `"${box.dataset.tag}"` }, signal: AbortSignal.timeout(9999) });
    if (answer.status === 401) return location.reload();
    if (answer.status === 304) return live(true);
    if (!answer.ok) throw answer;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html"), next = page.getElementById("status");
    if (page.documentElement.lang !== root.lang) return location.reload();
    const at = document.activeElement, inside = box.contains(at), same = next.dataset.say === box.dataset.say;
    box.replaceWith(next);
    box = next;
    document.title = page.title;
    wait = 3000;
    if (inside) ((same && id(at.id)) || id("banner")).focus({ preventScroll: true });
    if (!same) id("say").textContent = box.dataset.say;
    if ("final" in box.dataset) close();
    live(true);
  }

  // In turn, or an older answer could replace a newer one.
  const look = () => (last = last.then(refresh).catch(() => live(false)));

  function poll() {
    timer = setTimeout(async () => { await look(); wait = Math.min(wait * 1.25, 30000); if (timer) poll(); }, wait);
  }

  const stop = () => { clearTimeout(timer); timer = 0; };

  function close() {
    stream?.close();
    stop();
    live(false);
  }

  function open() {
    close();
    if (document.hidden || "final" in box.dataset) return;
    wait = 3000;
    stream = new EventSource(box.dataset.events);
    stream.addEventListener("status", () => { stop(); look(); });
    stream.onerror = () => { live(false); timer || poll(); };
  }

  document.addEventListener("visibilitychange", open);
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && open());
  addEventListener("online", open);
  addEventListener("offline", look);
  open();
})();
