// "Invest now" leads to Cashlink. Where a browser blocks that redirect, it does so without a word and after the request
// was executed; so when this page is still there a second later, the way to the portfolio is shown.
const form = document.querySelector("[data-invest]");
const later = document.querySelector("[data-later]");
if (form && later) {
  form.addEventListener("submit", () => setTimeout(() => { later.hidden = false; }, 1000));
  addEventListener("pageshow", () => { later.hidden = true; });
}
