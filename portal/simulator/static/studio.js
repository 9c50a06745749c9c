// Keeps the Studio's pages up to date while they are visible. Without this script the "Refresh" link does the same.
const live = document.querySelector("[data-live]");
const alarm = document.getElementById("alarm");
const note = document.querySelector("[data-live-note]");
if (note) { note.hidden = false; }
let shown = live && live.innerHTML;

function swap(fresh) {
  const ticked = [...live.querySelectorAll("input:checked")].map((input) => input.id);
  const focused = live.contains(document.activeElement) && document.activeElement.id;
  live.innerHTML = shown = fresh;
  for (const id of ticked) {
    const input = document.getElementById(id);
    if (input) { input.checked = true; }
  }
  if (focused) { document.getElementById(focused)?.focus(); }
}

async function look() {
  if (document.hidden) { return; }
  const address = new URL(location.href);
  address.searchParams.set("live", "1");
  try {
    const answer = await fetch(address);
    if (!answer.ok) { return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const bar = page.getElementById("alarm").innerHTML;
    if (bar !== alarm.innerHTML) { alarm.innerHTML = bar; }
    const fresh = page.querySelector("[data-live]").innerHTML;
    if (fresh !== shown) { swap(fresh); }
  } catch {
    // The simulator is restarting: the next look will find it.
  }
}

if (live) { setInterval(look, 2000); }
