// Enter with a code, typed or from the personal link: its part after # never leaves the browser in an address.

import { post } from "./requests.js";

const form = document.getElementById("entry");
const alert = document.getElementById("alert");

async function enter(code) {
  alert.textContent = "";
  try {
    await post("/enter", { code });
    location.replace("/study");
  } catch (error) {
    alert.textContent = error.reply ? error.message : "The server does not answer. Try again.";
  }
}

const left = {
  "?left": "You have left the study. Your answers are stored; your code, or link, brings you back to where you were.",
  "?ended": "Your session has ended. Your answers are stored; your code, or link, brings you back to where you were.",
};

function followLink() {
  const code = location.hash.slice(1); // letters, digits and hyphens: nothing to decode
  if (!code) return;
  history.replaceState(null, "", "/");
  enter(code);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  enter(form.elements.code.value);
});
addEventListener("hashchange", followLink);
document.getElementById("left").textContent = left[location.search] ?? "";
followLink();
