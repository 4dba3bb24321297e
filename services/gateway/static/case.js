// Keys of the case page, for whoever has them on: a letter opens or reaches what carries it in `data-key`, and only a
// further key acts. Nothing is decided by one letter.
"use strict";

const on = document.querySelector("[data-keys]");
const WRITING = "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]";

// The letter on the key: while Hangul is being written, the event has a syllable's part instead.
function letter({ key, code }) {
  if (/^[a-z?]$/i.test(key)) return key.toLowerCase();
  const place = /^Key([A-Z])$/.exec(code);
  return place ? place[1].toLowerCase() : "";
}

function reach(element) {
  if (element.tagName === "A") return element.click();
  if (element.tagName !== "SUMMARY") return element.focus();
  const details = element.parentElement;
  details.open = true;
  (details.querySelector("[data-first]") ?? element).focus();
  details.scrollIntoView({ block: "nearest" });
}

// The one after where the focus is, so that a letter that several carry goes through them.
function next(found) {
  const at = document.activeElement, place = found.findIndex((one) => one === at || one.parentElement.contains(at));
  return found[(place + 1) % found.length];
}

if (on) document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || event.repeat) return;
  if (event.target.closest(WRITING) || document.querySelector("dialog[open]")) return;
  const key = letter(event);
  if (key === "?") {
    event.preventDefault();
    return document.getElementById("keys").showModal();
  }
  const found = key ? [...document.querySelectorAll(`[data-key="${key}"]`)].filter((one) => one.checkVisibility()) : [];
  if (!found.length) return;
  event.preventDefault();
  reach(next(found));
});

on?.querySelector("[data-key='?']").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("keys").showModal();
});
