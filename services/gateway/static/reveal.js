// An opened picture shows only while its button is held, and step by step: blurred less, grey, in colour. Each step is
// fetched when it is reached and painted on a canvas: nothing has an address, nothing stays in a cache, and letting go
// leaves an empty canvas behind.
"use strict";

const STEP_MS = 900; // time to see that the step before was enough
const HIGHEST = 3;

function reveal(place) {
  const button = place.querySelector("button.hold"), said = place.querySelector("[role=status]");
  const words = place.dataset.levels.split("|"), hint = said.textContent;
  const covered = place.closest("figure").querySelector("img");
  let canvas, timer, asked; // while held: what is painted on, the next step, the request that is under way

  async function show(level) {
    const asking = asked = new AbortController();
    let bitmap;
    try {
      const answer = await fetch(`${place.dataset.picture}&level=${level}`, { cache: "no-store", signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      bitmap = await createImageBitmap(await answer.blob());
    } catch (failure) {
      if (asking.signal.aborted) return;
      cover();
      said.textContent = place.dataset.failed;
      return;
    }
    if (!asking.signal.aborted) {
      paint(bitmap);
      said.textContent = words[level];
      if (level < HIGHEST) timer = setTimeout(show, STEP_MS, level + 1);
    }
    bitmap.close();
  }

  function paint(bitmap) {
    if (!canvas) {
      canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", place.dataset.alt);
      covered.after(canvas);
      covered.hidden = true;
    }
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
  }

  function hold() {
    if (asked) return;
    button.classList.add("held");
    show(1);
  }

  function cover() {
    clearTimeout(timer);
    if (asked) asked.abort();
    if (canvas) {
      canvas.width = canvas.height = 0;
      canvas.remove();
    }
    covered.hidden = false;
    button.classList.remove("held");
    if (asked) said.textContent = hint;
    asked = canvas = undefined;
  }

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.focus();
    hold();
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave", "blur"]) button.addEventListener(name, cover);
  // A finger stays with what it touched first, wherever it goes: leaving is only seen by where it is.
  button.addEventListener("pointermove", ({ clientX, clientY }) => {
    const { left, right, top, bottom } = button.getBoundingClientRect();
    if (asked && (clientX < left || clientX > right || clientY < top || clientY > bottom)) cover();
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // what a long touch opens
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) hold();
  });
  button.addEventListener("keyup", (event) => { if (event.key === " " || event.key === "Enter") cover(); });
  window.addEventListener("blur", cover);
  window.addEventListener("pagehide", cover);
  document.addEventListener("visibilitychange", cover);
  place.cover = cover;
  button.focus();
}

// A picture's place comes with the page or is put in later; what is taken out is covered first.
const places = () => document.querySelectorAll(".reveal:not([data-ready])").forEach((place) => {
  place.dataset.ready = "";
  reveal(place);
});
document.addEventListener("htmx:after:swap", places);
document.addEventListener("htmx:before:cleanup", ({ target }) => {
  target.querySelectorAll?.(".reveal").forEach((place) => place.cover?.());
});
places();
