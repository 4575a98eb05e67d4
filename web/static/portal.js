// Adds a button to everything that is meant to be copied. Without this file the text can be selected as ever.
"use strict";
for (const box of document.querySelectorAll("[data-copy]")) {
  const text = box.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy " + box.dataset.copy);
  const said = document.createElement("span");
  said.className = "hidden";
  said.setAttribute("role", "status");
  let timer;
  button.addEventListener("click", async () => {
    let word = "Copied";
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {
      getSelection().selectAllChildren(text);
      word = "Selected";
    }
    button.textContent = word;
    said.textContent = word;
    clearTimeout(timer);
    timer = setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 2000);
  });
  box.append(button, said);
}
