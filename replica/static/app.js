"use strict";

// Fetches what the page shows of prices and puts it in, burst by burst, as the site does after its page has arrived.
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function inject() {
  const { feed, wait, gap } = document.body.dataset;
  if (!feed) return;
  const answer = await fetch(feed, { headers: { "X-Requested-With": "XMLHttpRequest" } });
  if (!answer.ok) return;
  const { bursts } = await answer.json();
  await pause(Number(wait));
  for (const burst of bursts) {
    for (const { into, html } of burst) {
      document.querySelector(into).insertAdjacentHTML("beforeend", html);
    }
    await pause(Number(gap));
  }
}

for (const button of document.querySelectorAll(".ch-cookie-consent__btn")) {
  button.addEventListener("click", () => button.closest(".ch-cookie-consent").remove());
}

inject();
