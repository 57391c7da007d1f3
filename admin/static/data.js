// An export is an ordinary link: the browser takes the file, however large, and tells by itself when it is broken off.
// This adds how many rows have come so far, and a button that ends it.
(() => {
  const PAUSE = 700;
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";

  const begin = (panel, link) => {
    const words = panel.dataset;
    const name = crypto.randomUUID();
    const address = new URL(link.href);
    address.searchParams.set("token", name);
    const state = words.exports.replace("TOKEN", name);
    const status = document.createElement("output");
    const stop = document.createElement("button");
    stop.type = "button";
    stop.className = "btn btn-outline-secondary btn-sm";
    stop.textContent = words.cancel;
    stop.addEventListener("click", () => {
      stop.disabled = true;
      fetch(`${state}cancel/`, { method: "POST", headers: { "X-CSRFToken": token } }).catch(() => {});
    });
    panel.querySelectorAll("output, output + button").forEach((old) => old.remove());
    panel.append(status, stop);
    const number = new Intl.NumberFormat(document.documentElement.lang);
    let missed = 0;

    const look = async () => {
      const answer = await fetch(state).catch(() => null);
      if (!answer?.ok && ++missed > 10) return stop.remove();
      const told = answer?.ok ? await answer.json() : { rows: 0, state: "running" };
      status.textContent = words[told.state].replace("{rows}", number.format(told.rows));
      if (told.state === "running") setTimeout(look, PAUSE);
      else stop.remove();
    };

    const frame = document.createElement("a");
    frame.href = address.href;
    frame.download = "";
    frame.click();
    setTimeout(look, PAUSE);
  };

  document.querySelectorAll("[data-exports]").forEach((panel) => {
    panel.addEventListener("click", (event) => {
      const link = event.target.closest("a[download]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      begin(panel, link);
    });
  });
})();
