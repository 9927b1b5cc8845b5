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
followLink();
