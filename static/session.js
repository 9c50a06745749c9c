// An open page that can be seen counts as activity, so that nobody is signed out while reading; 12 hours at most.
let asked = Date.now();
const stay = () => {
  if (document.hidden || Date.now() - asked < 290000) return;
  asked = Date.now();
  fetch("/account/session", { method: "HEAD" }).catch(() => {});
};
setInterval(stay, 60000);
document.addEventListener("visibilitychange", stay);
