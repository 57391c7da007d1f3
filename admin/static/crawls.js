// The log of a run that grows: its end first, then whatever is new, every two seconds, until it has ended. Only text is
// ever put into the page.
(() => {
  const PAUSE = 2000;
  const MOST = 3000;
  const LEVELS = { DEBUG: 0, INFO: 1, WARNING: 2, ERROR: 3, CRITICAL: 3 };
  const LEVEL = /\b(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b/;

  const begin = (panel) => {
    const page = panel.querySelector("pre");
    const said = panel.querySelector("[data-said]");
    const pause = panel.querySelector("[data-pause]");
    const follow = panel.querySelector("[data-follow]");
    const level = panel.querySelector("[data-level]");
    let next = null;
    let rest = "";
    let last = 1;
    let cut = false;

    // A line without a level of its own goes with the one before: a traceback is of its error.
    const add = (text) => {
      const [...lines] = (rest + text).split("\n");
      rest = lines.pop();
      if (cut) lines.shift();
      cut = false;
      for (const line of lines) {
        const found = LEVEL.exec(line.slice(0, 200));
        if (found) last = LEVELS[found[1]];
        const row = document.createElement("span");
        row.textContent = `${line}\n`;
        row.dataset.level = last;
        page.append(row);
      }
      while (page.childElementCount > MOST) page.firstElementChild.remove();
      if (follow.checked) page.scrollTop = page.scrollHeight;
    };

    const look = async () => {
      let over = false;
      if (pause.getAttribute("aria-pressed") !== "true" && !document.hidden) {
        try {
          const address = next === null ? panel.dataset.log : `${panel.dataset.log}?from=${next}`;
          const answer = await fetch(address, { credentials: "same-origin" });
          if (!answer.ok || answer.redirected) throw new Error(answer.status);
          const piece = await answer.json();
          if (next === null) cut = !piece.whole;
          add(piece.text);
          next = piece.next;
          over = piece.over;
          said.textContent = piece.said;
        } catch {
          said.textContent = panel.dataset.away;
        }
      }
      if (over && rest) add("\n");
      if (!over) setTimeout(look, PAUSE);
    };

    pause.addEventListener("click", () => {
      pause.setAttribute("aria-pressed", pause.getAttribute("aria-pressed") !== "true");
    });
    level.addEventListener("change", () => {
      page.dataset.from = level.value;
    });
    look();
  };

  document.querySelectorAll("[data-log]").forEach(begin);
})();
