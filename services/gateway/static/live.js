// What happens to cases while the list is open: said above it and beside the row; no row moves under the hand.
"use strict";
(() => {
  const line = document.querySelector("[data-live]");
  if (!line || !("EventSource" in window)) return;
  const fresh = line.querySelector("[data-live-new]"), counter = line.querySelector("[hx-get]");
  const arrived = new Set(), QUIET_MS = 2_000; // the counter asks again at most every two seconds
  let asking = 0;

  function recount() {
    if (!asking) asking = setTimeout(() => { asking = 0; counter.dispatchEvent(new Event("changed")); }, QUIET_MS);
  }
  function row(id) { return document.querySelector(`tr[data-case="${CSS.escape(id)}"] [data-holder]`); }
  function told(kind, handle) {
    source.addEventListener(kind, (event) => { const change = JSON.parse(event.data); handle(change); recount(); });
  }

  const source = new EventSource(line.dataset.live);
  told("waiting", (change) => {
    if (row(change.case_id)) return;
    arrived.add(change.case_id);
    fresh.textContent = fresh.dataset.words.replace("{n}", String(arrived.size));
    fresh.hidden = false;
  });
  told("claimed", (change) => {
    const place = row(change.case_id);
    if (!place) return;
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = place.dataset.by.replace("{by}", change.actor);
    place.replaceChildren(badge);
  });
  told("freed", (change) => row(change.case_id)?.replaceChildren());
  told("gone", (change) => { arrived.delete(change.case_id); row(change.case_id)?.closest("tr").classList.add("gone"); });
  source.addEventListener("resync", recount);
  addEventListener("pagehide", () => source.close());
})();
