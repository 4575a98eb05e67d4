// What makes the pages handier; they work without it.
"use strict";

// Adds a button to everything that is meant to be copied: data-copy says what that does, in the reader's language.
const words = document.body.dataset;
for (const box of document.querySelectorAll("[data-copy]")) {
  const text = box.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = words.wordCopy;
  button.setAttribute("aria-label", box.dataset.copy);
  const said = document.createElement("span");
  said.className = "hidden";
  said.setAttribute("role", "status");
  let timer;
  button.addEventListener("click", async () => {
    let word = words.wordCopied;
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {
      getSelection().selectAllChildren(text);
      word = words.wordSelected;
    }
    button.textContent = word;
    said.textContent = word;
    clearTimeout(timer);
    timer = setTimeout(() => { button.textContent = words.wordCopy; said.textContent = ""; }, 2000);
  });
  box.append(button, said);
}

// On a narrow screen the navigation scrolls sideways: where we are is brought into sight.
for (const link of document.querySelectorAll("nav a[aria-current]")) {
  const list = link.closest("ul");
  const past = link.getBoundingClientRect().right - list.getBoundingClientRect().right + 40;
  if (past > 0) list.scrollLeft = past;
}
