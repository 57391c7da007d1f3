// A button with data-copy="id" puts the text of that field on the clipboard, and says so beside it.
"use strict";

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector("[role=status]");
  let done = false;
  try {
    await navigator.clipboard.writeText(field.value);
    done = true;
  } catch {
    // Over plain HTTP from another machine there is no clipboard: the old way, else by hand.
    const folded = field.closest("details");
    if (folded) folded.open = true;
    field.focus();
    field.select();
    done = document.execCommand("copy");
    if (done) button.focus();
  }
  said.textContent = done ? button.dataset.done : button.dataset.failed;
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => copy(button));
}

// What was chosen and not shown yet is what is saved.
const [choose, keep] = ["choose", "keep"].map((id) => document.getElementById(id));
keep?.addEventListener("formdata", ({ formData }) => {
  for (const [name] of new FormData(choose)) formData.delete(name);
  for (const [name, value] of new FormData(choose)) formData.append(name, value);
});
