// Quick exit, and as few entries in the browser's history as can be: the door has one, and leaving takes its place.
"use strict";

const way = document.querySelector(".leave");

function leave() {
  document.body.className = "gone"; // the other page may take a while to come
  document.title = "";
  location.replace(way.dataset.leave);
}

way.addEventListener("click", (event) => { event.preventDefault(); leave(); });

let pressed = [];
const TIMES = 3, WITHIN_MS = 2000;
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") { pressed = []; return; }
  pressed = [...pressed, event.timeStamp].filter((at) => event.timeStamp - at < WITHIN_MS);
  if (pressed.length >= TIMES) leave();
});

// A link to another page of the door takes this one's place.
document.addEventListener("click", (event) => {
  const link = event.target.closest ? event.target.closest("a[href^='/report']") : null;
  if (!link || link === way || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  location.replace(link.href);
});

// What the browser kept of a page is not shown again to whoever goes back.
addEventListener("pagehide", () => { document.body.className = "gone"; });
addEventListener("pageshow", (event) => { if (event.persisted) location.replace("/report"); });

const wrong = document.querySelector(".summary");
if (wrong) wrong.focus();
