// The controls under the image: sliders, zoom, interpolation, reset, values and scale bar.

import { Viewer, followPointers } from "./viewer.js";

const $ = (id) => document.getElementById(id);
const ARROWS = { Left: [-1, 0], Right: [1, 0], Up: [0, -1], Down: [0, 1] };

export function makeViewer() {
  const { side, low, high, unit } = document.body.dataset;
  const viewer = new Viewer($("canvas"), Number(side), Number(low), Number(high));
  const digits = Math.max(0, Math.ceil(2 - Math.log10(viewer.range)));
  const limits = { step: 10 ** -digits };
  Object.assign($("width"), { min: viewer.narrowest, max: 2 * viewer.range, ...limits });
  Object.assign($("level"), { min: viewer.low, max: viewer.high, ...limits });
  $("width").addEventListener("input", (event) => viewer.setWindow(event.target.valueAsNumber, viewer.level));
  $("level").addEventListener("input", (event) => viewer.setWindow(viewer.width, event.target.valueAsNumber));
  $("zoom-in").addEventListener("click", () => viewer.zoomBy(1.25));
  $("zoom-out").addEventListener("click", () => viewer.zoomBy(0.8));
  $("reset").addEventListener("click", () => viewer.reset());
  $("smooth").addEventListener("click", () => viewer.setSmooth(!viewer.smooth));
  // After a click of the mouse the keys go on working on the image.
  for (const button of document.querySelectorAll(".tools button")) {
    button.addEventListener("click", (event) => event.detail && $("canvas").focus());
  }
  followPointers(viewer);
  viewer.changed = () => show(viewer, (value) => `${value.toFixed(digits)} ${unit}`);
  viewer.changed();
  return viewer;
}

// An arrow does what a drag that way does, by a fiftieth of the range; with Shift it moves the zoomed image.
export function followArrow(viewer, direction, shift) {
  const [x, y] = ARROWS[direction];
  if (shift) viewer.moveBy(-x / 10, -y / 10);
  else viewer.setWindow(viewer.width + (x * viewer.range) / 50, viewer.level + (y * viewer.range) / 50);
}

function show(viewer, inUnit) {
  for (const name of ["width", "level"]) {
    const text = inUnit(viewer[name]);
    $(name).value = viewer[name];
    $(name).setAttribute("aria-valuetext", text);
    $(`${name}-value`).textContent = text;
  }
  $("zoom-value").textContent = `${Math.round(100 * viewer.zoom)} %`;
  $("smooth").setAttribute("aria-pressed", viewer.smooth);
  const { bar } = viewer;
  $("scale").hidden = !bar;
  if (bar) {
    $("scale-bar").style.width = `${100 * bar.fraction}%`;
    $("scale-text").textContent = `${bar.length} mm`;
  }
}
