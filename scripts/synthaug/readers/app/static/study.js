// A reader's way through the study: start, practice with feedback, the images, pause, the end.

import { Clock } from "./clock.js";
import { listen, makeKeysButton } from "./keys.js";
import { get, pixels, post } from "./requests.js";
import { followArrow, makeViewer } from "./tools.js";

const $ = (id) => document.getElementById(id);
const form = $("answer");
const clock = new Clock();
const viewer = makeViewer();
let place = null; // where the reader stands, as the server last said
let answering = false; // an image is in view and waits for its answer
let busy = false; // a request is under way
let current = ""; // the image that the clock and the choices are about
let looked = Promise.resolve(); // the last note of a look has arrived, or never will

// --- what is in view: start, reading, truth or end

function view(name, focus) {
  answering = name === "reading";
  $("start").hidden = name !== "start";
  $("reading").hidden = !answering && name !== "truth";
  $("end").hidden = name !== "end";
  $("pause").hidden = !answering;
  form.hidden = !answering;
  $("truth").hidden = answering;
  focus.focus();
}

function position() {
  const { part, presentation, total } = place;
  return `${part === "training" ? "Practice image" : "Image"} ${presentation} of ${total}`;
}

function showProgress() {
  const { presentation, total, undo } = place;
  $("position").textContent = presentation ? position() : `${total} of ${total} answered`;
  Object.assign($("progress"), { max: total, value: (presentation ?? total + 1) - 1 });
  $("undo").disabled = !undo;
  $("undo-end").hidden = !undo;
}

function showStart() {
  const { part, presentation, total } = place;
  let [title, text, button] = ["Pause", `${presentation - 1} of ${total} answered. Go on when you like, also on another day.`, "Go on"];
  if (presentation === 1 && part === "training") {
    [title, text, button] = ["Practice", `Images: ${total}. After each answer you are told the truth; these answers do not count.`, "Begin"];
  } else if (presentation === 1) {
    [title, text, button] = ["The study", `Images: ${total}. Pause whenever you like, and go on at any time, also on another day.`, "Begin"];
  }
  $("start-title").textContent = title;
  $("start-text").textContent = text;
  $("begin").firstChild.textContent = `${button} `;
  $("help").open = presentation === 1;
  viewer.hide();
  showProgress();
  view("start", $("start-title"));
}

// Nothing more can be said of the image that was in view, whatever becomes of the next one. What was chosen stays if
// the same image comes back, as after a pause.
function conceal() {
  answering = false;
  clock.stop();
  viewer.hide();
  if (current !== position()) form.reset();
  form.hidden = true;
  $("pause").hidden = true;
}

async function showImage() {
  conceal();
  showProgress();
  if (!place.presentation) {
    view("end", $("end-title"));
    return;
  }
  const { part, presentation, width_mm: width } = place;
  viewer.show(await pixels(`/study/pixels/${part}/${presentation}`), width);
  view("reading", $("canvas"));
  $("canvas").setAttribute("aria-label", position() + (width ? `, ${width.toFixed(1)} mm wide` : ""));
  $("status").textContent = position();
  const seconds = Math.max(place.seconds, current === position() ? clock.seconds : 0);
  current = position();
  requestAnimationFrame(() => answering && clock.start(seconds));
}

function showTruth(given, truth) {
  const told = ["class", "origin"].filter((name) => $(`truth-${name}`)); // of slices no class is asked
  for (const name of told) {
    const right = given[name] === truth[name];
    $(`truth-${name}`).textContent = right ? `${truth[name]}: right` : `${truth[name]}; you said ${given[name]}`;
    $(`truth-${name}`).classList.toggle("right", right);
  }
  view("truth", $("truth-title"));
  const titles = { class: "Class", origin: "Origin" };
  $("status").textContent = told.map((name) => `${titles[name]}: ${$(`truth-${name}`).textContent}.`).join(" ");
  $("next").disabled = true; // a second Enter, meant for the answer, does not skip the truth
  setTimeout(() => ($("next").disabled = false), 500);
}

// --- what the reader does

async function begin() {
  await looked;
  place = await get("/study/place");
  await showImage();
}

async function submit() {
  const given = Object.fromEntries(new FormData(form));
  const missing = ["class", "origin", "confidence"].find((name) => !given[name]);
  if (missing) {
    const asked = { class: "the class", origin: "real or synthetic", confidence: "how sure you are" };
    say(`Choose ${asked[missing]} first.`);
    return;
  }
  clock.stop();
  const { part, presentation } = place;
  const answer = { ...given, confidence: Number(given.confidence), part, presentation, seconds: clock.seconds };
  const { truth, ...next } = await frozen(() => post("/study/answer", answer));
  place = next;
  if (truth) showTruth(given, truth);
  else await showNext();
}

// While an answer is on its way it cannot be changed in view.
async function frozen(action) {
  const focused = document.activeElement;
  const disable = (disabled) => form.querySelectorAll("fieldset").forEach((set) => Object.assign(set, { disabled }));
  disable(true);
  try {
    return await action();
  } finally {
    disable(false);
    focused.focus({ preventScroll: true });
  }
}

async function goOn() {
  if (place.part === "study") showStart();
  else await showImage();
}

async function undo() {
  clock.stop();
  if (answering) look(); // the image in view comes again after the one before
  await looked;
  const { undone, ...here } = await post("/study/undo", { presentation: place.undo });
  place = here;
  await showNext();
  if (answering) for (const [name, value] of Object.entries(undone)) form.elements[name].value = value;
}

// What the server has done is not to be asked for again: if the image does not come, try to get the image.
async function showNext() {
  try {
    await showImage();
  } catch (error) {
    await explain(error, begin);
  }
}

async function pause() {
  clock.stop();
  look();
  showStart();
}

async function leave() {
  clock.stop();
  if (answering) look();
  await looked;
  await post("/study/leave", {});
  location.assign("/?left");
}

// Tell the server how long the image has been looked at, in case the reader comes back on another day. A note that
// is lost does no harm to a page that stays open: its clock knows.
function look() {
  const { part, presentation } = place;
  looked = post("/study/look", { part, presentation, seconds: clock.seconds }, { keepalive: true }).catch(() => {});
}

// --- one action at a time; what fails is said, and can be tried again where that helps

async function act(action) {
  if (busy) return;
  busy = true;
  fallSilent();
  try {
    await action();
  } catch (error) {
    await explain(error, action);
    if (answering) clock.go(); // the image is still in view
  } finally {
    busy = false;
  }
}

async function explain(error, action) {
  if (error.status === 401) {
    location.assign("/?ended");
  } else if (error.status === 409) {
    // Another tab was faster: go to where the reader stands now.
    try {
      await begin();
      say(`${error.message} This is where you stand.`);
    } catch (second) {
      await explain(second, begin);
    }
  } else if (error.status < 500) {
    say(error.message);
  } else {
    // No reply, or that of a proxy whose server is being started again.
    console.error(error);
    say("The server does not answer. All answers before this one are stored.", action);
  }
}

function say(text, action = null) {
  $("trouble").hidden = false;
  $("alert").textContent = text;
  $("retry").hidden = !action;
  $("retry").onclick = () => act(action);
}

function announce(text) {
  $("status").textContent = text;
}

function fallSilent() {
  $("trouble").hidden = true;
  $("alert").textContent = "";
}

const buttons = { begin, pause, leave, undo, "undo-end": undo, next: goOn };
for (const [id, action] of Object.entries(buttons)) $(id).addEventListener("click", () => act(action));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  act(submit);
});
form.addEventListener("change", () => $("retry").hidden && fallSilent()); // what was missing is being chosen
// After a click of the mouse the arrows go on working on the image, not on what was chosen.
form.addEventListener("click", (event) => {
  if (event.detail && event.target.matches("input")) $("canvas").focus({ preventScroll: true });
});
makeKeysButton($("keys"), announce);
$("keys").addEventListener("click", (event) => event.detail && answering && $("canvas").focus());
listen(
  (direction, shift) => !$("reading").hidden && (followArrow(viewer, direction, shift), true),
  (control) => {
    if (control === document.activeElement) return; // what has the focus speaks for itself
    if (control.matches("input")) announce(control.labels[0].querySelector("span").textContent);
    const pressed = control.getAttribute("aria-pressed");
    if (pressed) announce(`${control.firstChild.textContent} ${pressed === "true" ? "on" : "off"}`);
  },
);
// Hidden or closed: a reader may not come back to this page.
document.addEventListener("visibilitychange", () => {
  if (document.hidden && answering && !busy) look();
});
act(async () => {
  place = await get("/study/place");
  if (place.presentation) showStart();
  else await showImage();
});
