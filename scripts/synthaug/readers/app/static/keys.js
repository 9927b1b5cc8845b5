// Keys press the control that shows them: the one in view whose data-key it is.
// Those of one character can be turned off, for readers who speak to their machine or hit keys by mistake.

const OFF = "keys are off"; // kept for the session
const named = { "=": "+", _: "-" };

function keyOf(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code); // layouts differ in what a digit key types without Shift
  if (digit && !event.shiftKey) return digit[1];
  // An alphabet without these letters: those that the keys have in Latin.
  const letter = /^Key([A-Z])$/.exec(event.code);
  if (letter && event.key.length === 1 && event.key > "~") return letter[1].toLowerCase();
  const key = named[event.key] ?? event.key;
  return key.length === 1 ? key.toLowerCase() : key;
}

export function makeKeysButton(button, announce) {
  const show = () => {
    button.textContent = sessionStorage.getItem(OFF) ? "Keys off" : "Keys on";
  };
  button.addEventListener("click", () => {
    if (sessionStorage.getItem(OFF)) sessionStorage.removeItem(OFF);
    else sessionStorage.setItem(OFF, "yes");
    show();
    announce(button.textContent);
  });
  show();
}

// `pressed` is called with each control after its key has pressed it.
export function listen(arrows, pressed) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const key = keyOf(event);
    if (key.length === 1 && sessionStorage.getItem(OFF)) return;
    if (key.startsWith("Arrow")) {
      if (event.target.matches("input")) return; // radios and sliders have their own use of arrows
      if (arrows(key.slice(5), event.shiftKey)) event.preventDefault();
      return;
    }
    if (key === "Enter" && event.target.matches("button, a, summary")) return; // presses what has the focus
    const control = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(
      (element) => !element.disabled && element.checkVisibility(),
    );
    if (!control) return;
    event.preventDefault();
    if (event.repeat && !"+-".includes(key)) return;
    control.click();
    pressed(control);
  });
}
