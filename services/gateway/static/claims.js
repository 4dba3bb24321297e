// A claimed case stays claimed while somebody works on its page, and is given back when the page is left.
"use strict";
(() => {
  const place = document.querySelector("[data-claim]");
  if (!place) return;
  const path = place.dataset.claim;
  const EVERY_MS = 60_000, ACTIVE_MS = 10 * 60_000; // ten minutes: the lease
  const csrf = () => document.querySelector('input[name="csrf"]').value;
  let touched = Date.now(), lost = false;
  for (const what of ["keydown", "pointerdown", "scroll"]) addEventListener(what, () => { touched = Date.now(); }, { passive: true });

  async function renew() {
    if (lost || document.hidden || Date.now() - touched > ACTIVE_MS) return;
    const body = new URLSearchParams({ csrf: csrf() });
    const answer = await fetch(`${path}/renew`, { method: "POST", body, headers: { "X-Haetae-Passive": "1" } }).catch(() => null);
    if (!answer || (answer.status !== 200 && answer.status !== 409)) return;
    lost = answer.status === 409;
    const line = place.querySelector('[role="status"]');
    line.textContent = await answer.text();
    line.classList.toggle("warned", lost);
  }

  renew(); // a reload: the page that was left had shortened the lease
  setInterval(renew, EVERY_MS);
  addEventListener("pagehide", () => {
    if (!lost) navigator.sendBeacon(`${path}/leave`, new URLSearchParams({ csrf: csrf() }));
  });
})();
