// How long an image has been in view: the time runs while it is wanted and the page is visible.

const LONGEST = 24 * 60 * 60; // seconds; the server takes no more

export class Clock {
  #sum = 0;
  #since = null;
  #wanted = false;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#update());
  }

  start(seconds) {
    this.#since = null;
    this.#sum = seconds;
    this.#wanted = true;
    this.#update();
  }

  go() {
    this.#wanted = true;
    this.#update();
  }

  stop() {
    this.#wanted = false;
    this.#update();
  }

  get seconds() {
    const running = this.#since === null ? 0 : (performance.now() - this.#since) / 1000;
    return Math.min(this.#sum + running, LONGEST);
  }

  #update() {
    this.#sum = this.seconds;
    this.#since = this.#wanted && document.visibilityState === "visible" ? performance.now() : null;
  }
}
