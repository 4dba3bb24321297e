// Pictures are chosen, hashed on this device, and only their hashes go into the form. The field of the files has no
// name: a browser sends no field without one.
"use strict";

const form = document.getElementById("hashing");
if (form) {
  document.getElementById("needs-scripts").remove();
  const chosen = form.querySelector("input[type=file]"), kept = form.elements.namedItem("pictures");
  const list = document.getElementById("hashed"), send = form.querySelector("button.primary");
  const words = form.dataset, page = form.dataset.worker;
  const least = Number(words.quality), MOST = Number(words.most), alterations = JSON.parse(words.alterations);
  const wanted = !("optional" in words); // else a report goes without pictures too
  let latest;

  const hashOf = (worker, file) => new Promise((done) => {
    worker.onmessage = ({ data }) => done(data);
    worker.onerror = () => done({ problem: "unreadable" });
    worker.postMessage({ file, alterations, least });
  });

  const say = (line, text, loud) => { line.querySelector("small").textContent = text; line.className = loud ? "alarm" : ""; };

  function row(file) {
    const line = document.createElement("li"), name = document.createElement("b"), state = document.createElement("small");
    name.textContent = file.name;
    state.textContent = words.busy;
    line.append(name, " ", state);
    list.append(line);
    return line;
  }

  async function hashAll() {
    const files = Array.from(chosen.files), pictures = [];
    if (latest) latest.terminate(); // others were chosen meanwhile: what it would still say is of the former ones
    const worker = latest = new Worker(page);
    list.replaceChildren();
    send.disabled = true;
    kept.value = "";
    for (const [place, file] of files.entries()) {
      const line = row(file);
      if (place >= MOST) { say(line, words.toomany, true); continue; }
      const found = await hashOf(worker, file);
      if (worker !== latest) return;
      if (found.problem) { say(line, words[found.problem.replace("-", "")] || words.unreadable, true); continue; }
      const { quality, sha256, variants } = found, flat = quality < least;
      pictures.push({ pdq: flat ? null : found.hash, quality, sha256, variants });
      say(line, (flat ? words.flat : words.done) + " " + (flat ? sha256 : found.hash), flat);
    }
    kept.value = JSON.stringify(pictures);
    send.disabled = wanted && pictures.length === 0;
  }

  chosen.addEventListener("change", hashAll);
  if (chosen.files.length) hashAll(); // chosen before this ran, or kept by the browser when the page was loaded again
  form.addEventListener("submit", () => { chosen.value = ""; });
}
