"""The script of the page: neurons show their sums, and C' can be moved.  Without it the page can still be read."""

SCRIPT = r"""
"use strict";
const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

// ---- neurons: pointing at one, or reaching it with the keyboard, shows its sum

function choose(neuron) {
  const index = neuron.dataset.neuron;
  all(".neuron.chosen, .sum.chosen, .lit").forEach(e => e.classList.remove("chosen", "lit"));
  for (const same of all('.neuron[data-neuron="' + index + '"]')) {
    same.classList.add("chosen");
    all(".neuron").filter(e => sameBlock(e, same)).forEach(e => { e.setAttribute("tabindex", "-1"); });
    same.setAttribute("tabindex", "0");
  }
  all('.network [data-to="' + index + '"]').forEach(e => e.classList.add("lit"));
  const sum = document.getElementById("sum-" + index) || document.getElementById("sum-none");
  if (sum) sum.classList.add("chosen");
}

const layerOf = neuron => neuron.dataset.neuron.split("-")[0];
const sameBlock = (a, b) => layerOf(a) === layerOf(b) && a.closest("svg") === b.closest("svg");

function move(neuron, key) {
  const block = all(".neuron").filter(e => sameBlock(e, neuron));
  const here = neuron.getBoundingClientRect();
  const right = key === "ArrowRight", left = key === "ArrowLeft", down = key === "ArrowDown", up = key === "ArrowUp";
  let best = null, least = Infinity;
  for (const other of all(".neuron")) {
    const there = other.getBoundingClientRect();
    if (!there.width) continue;  // in a picture that is not shown
    const dx = (there.left + there.right - here.left - here.right) / 2;
    const dy = (there.top + there.bottom - here.top - here.bottom) / 2;
    const ahead = right ? dx : left ? -dx : down ? dy : -dy, aside = right || left ? dy : dx;
    if (ahead <= 1 || ((down || up) && !block.includes(other))) continue;
    const far = ahead + 2 * Math.abs(aside);
    if (far < least) { best = other; least = far; }
  }
  if (best) best.focus();
}

for (const neuron of all(".neuron")) {
  neuron.addEventListener("mouseenter", () => choose(neuron));
  neuron.addEventListener("focus", () => choose(neuron));
  neuron.addEventListener("click", event => { event.preventDefault(); neuron.focus(); choose(neuron); });
  neuron.addEventListener("keydown", event => {
    if (event.key.startsWith("Arrow")) { event.preventDefault(); move(neuron, event.key); }
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(neuron); }
  });
}
for (const picture of all(".network")) {
  const reached = new Set();  // layers of which the first neuron is a stop of the Tab key
  for (const neuron of all(".neuron", picture)) {
    neuron.setAttribute("tabindex", reached.has(layerOf(neuron)) ? "-1" : "0");
    reached.add(layerOf(neuron));
  }
}
const sums = document.getElementById("sums");
const first = sums && document.querySelector('[data-neuron="' + sums.dataset.first + '"]');
if (first) choose(first);

// ---- softmax: the same formula for any C', as far as exp reaches

const format = v => Number.isNaN(v) ? "NaN" : Math.abs(v) === Infinity ? (v < 0 ? "\u2212\u221e" : "\u221e")
  : String(v !== 0 && Math.abs(v) < 1e-4 ? v.toExponential(7).replace(/\.?0*e/, "e") : Number(v.toPrecision(8)))
    .replace(/-/g, "\u2212").replace("e+", "e");

for (const box of all(".softmax").filter(e => e.querySelector("input"))) {
  const a = JSON.parse(box.dataset.a), slider = box.querySelector("input"), output = box.querySelector("output");
  let c = Number(box.dataset.c);
  const message = box.querySelector(".news"), rows = all("tbody tr", box);
  const set = (row, name, value) => {
    const cell = row.querySelector("." + name);
    cell.textContent = format(value);
    cell.classList.toggle("broken", !Number.isFinite(value));
  };
  const draw = () => {
    const top = Math.max(...a);
    const powers = a.map(v => Math.exp(v + c)), total = powers.reduce((sum, p) => sum + p, 0);
    for (const row of rows) {
      const k = Number(row.dataset.k);
      set(row, "shifted", a[k] + c);
      set(row, "power", powers[k]);
      set(row, "y", powers[k] / total);
    }
    set(box.querySelector("tfoot tr"), "total", total);
    output.textContent = format(c);
    slider.setAttribute("aria-valuetext", "C\u2032 = " + format(c));
    const form = c === 0 ? "The plain form, C\u2032 = 0: "
      : c === -top ? "C\u2032 = \u2212max(a): " : "C\u2032 = " + format(c) + ": ";
    message.textContent = form + (total === Infinity
      ? "an exp overflows, and \u221e / \u221e is not a number. The result with \u2212max(a) stays."
      : total === 0 ? "every exp is 0, and 0 / 0 is not a number. The result with \u2212max(a) stays."
      : "y is the same for every C\u2032 with which exp neither overflows nor underflows.");
    message.classList.toggle("broken", !(total > 0 && total < Infinity));
  };
  slider.addEventListener("input", () => { c = Number(slider.value); draw(); });
  for (const button of all("button", box)) {
    button.addEventListener("click", () => { slider.value = c = Number(button.dataset.c); draw(); });
  }
  box.classList.add("alive");
  draw();
}
"""
