// The image on the canvas: interpolation, window and level, zoom and position, scale bar.

import { bicubic, nearest } from "./resample.js";

const FINEST = 1200; // canvas pixels; more would be slow and show nothing new
const LARGEST_ZOOM = 8;
const BARS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200]; // mm

export class Viewer {
  changed = () => {}; // called after each change of the view
  smooth = true;
  #pixels = null;
  #values = null; // gray values on the canvas grid, before the window
  #part = null; // what is shown, in image pixels
  #millimetres = null;
  #frame = 0;

  // `side`: pixels of an image; `low` and `high`: what gray 0 and 255 stand for.
  constructor(canvas, side, low, high) {
    Object.assign(this, { canvas, side, low, high });
    this.#part = this.#whole();
    this.resetWindow();
    new ResizeObserver(() => this.#fit()).observe(canvas);
  }

  show(pixels, millimetres) {
    this.#pixels = pixels;
    this.#millimetres = millimetres;
    this.#part = this.#whole();
    this.#moved();
  }

  hide() {
    this.#pixels = this.#millimetres = null;
    this.#moved();
  }

  get range() {
    return this.high - this.low;
  }

  get narrowest() {
    return this.range / 100;
  }

  get zoom() {
    return this.side / this.#part.span;
  }

  // The scale bar: its length in mm and as a fraction of the view; null where the scale is not known.
  get bar() {
    if (!this.#millimetres) return null;
    const shown = this.#millimetres / this.zoom;
    const length = BARS.findLast((bar) => bar <= 0.4 * shown) ?? BARS[0];
    return { length, fraction: length / shown };
  }

  setWindow(width, level) {
    this.width = Math.min(Math.max(width, this.narrowest), 2 * this.range);
    this.level = Math.min(Math.max(level, this.low), this.high);
    this.#draw();
  }

  resetWindow() {
    this.setWindow(this.range, (this.low + this.high) / 2);
  }

  reset() {
    this.#part = this.#whole();
    this.#moved();
    this.resetWindow();
  }

  // `x` and `y`: the point that stays where it is, as fractions of the view.
  zoomBy(factor, x = 0.5, y = 0.5) {
    const { left, top, span } = this.#part;
    const next = Math.min(Math.max(span / factor, this.side / LARGEST_ZOOM), this.side);
    this.#place(left + x * (span - next), top + y * (span - next), next);
  }

  // `x` and `y`: how far the image moves, as fractions of the view.
  moveBy(x, y) {
    const { left, top, span } = this.#part;
    this.#place(left - x * span, top - y * span, span);
  }

  setSmooth(smooth) {
    this.smooth = smooth;
    this.canvas.style.imageRendering = smooth ? "auto" : "pixelated"; // the screen may be finer than the canvas
    this.#moved();
  }

  #whole() {
    return { left: 0, top: 0, span: this.side };
  }

  #place(left, top, span) {
    const inside = (start) => Math.min(Math.max(start, 0), this.side - span);
    this.#part = { left: inside(left), top: inside(top), span };
    this.#moved();
  }

  #fit() {
    const size = Math.min(Math.round(this.canvas.clientWidth * devicePixelRatio), FINEST);
    if (!size || size === this.canvas.width) return;
    this.canvas.width = this.canvas.height = size;
    this.#moved();
  }

  #moved() {
    this.#values = null;
    this.#draw();
  }

  #draw() {
    this.changed();
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  #paint() {
    const size = this.canvas.width;
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!this.#pixels) {
      context.fillRect(0, 0, size, size);
      return;
    }
    this.#values ??= (this.smooth ? bicubic : nearest)(this.#pixels, this.side, this.#part, size);
    const image = context.createImageData(size, size);
    const shades = new Uint32Array(image.data.buffer);
    // Gray value v stands for low + v / 255 * range; the window's ends become black and white.
    const slope = this.range / this.width;
    const shift = (255 * (this.low - this.level + this.width / 2)) / this.width + 0.5;
    for (let i = 0; i < shades.length; i++) {
      const shade = Math.min(Math.max(slope * this.#values[i] + shift, 0), 255) | 0;
      shades[i] = 0xff000000 | (shade * 0x010101);
    }
    context.putImageData(image, 0, 0);
  }
}

// Mouse, pen and fingers: one drags window and level (with Shift or the right button the image), two zoom and move.
export function followPointers(viewer) {
  const { canvas } = viewer;
  const down = new Map();
  let pinching = false; // from the second finger on until the last one is lifted
  const at = (event) => ({ x: event.offsetX / canvas.clientWidth, y: event.offsetY / canvas.clientHeight });
  const span = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);
  const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
    pinching ||= down.size > 1;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const after = at(event);
    if (down.size === 2) {
      const old = [...down.values()];
      down.set(event.pointerId, after);
      const now = [...down.values()];
      const [from, to] = [middle(old), middle(now)];
      viewer.moveBy(to.x - from.x, to.y - from.y);
      if (span(old) > 0.02 && span(now) > 0.02) viewer.zoomBy(span(now) / span(old), to.x, to.y);
      return;
    }
    down.set(event.pointerId, after);
    if (pinching) return;
    const [x, y] = [after.x - before.x, after.y - before.y];
    if (event.shiftKey || event.buttons & 6) viewer.moveBy(x, y);
    else viewer.setWindow(viewer.width + x * viewer.range, viewer.level + y * viewer.range);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      down.delete(event.pointerId);
      pinching &&= down.size > 0;
    });
  }
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("dblclick", () => viewer.reset());
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = at(event);
      viewer.zoomBy(Math.exp(-Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY), 100) * 0.002), x, y);
    },
    { passive: false },
  );
}
