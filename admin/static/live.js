// Keeps a page up to date: each part that is marked data-live (seconds; five where it says none) is fetched anew and put
// in its place. What somebody is in, has open or has marked stays where it is, and nothing is scrolled. While the server
// does not answer, the page says since when it is old. Without this script the page reloads itself.
(() => {
  const USUAL = 5;
  const TICK = 1000;
  const due = new Map();
  let updated = new Date();
  let asking = false;

  const pause = (live) => 1000 * (Number(live.dataset.live) || USUAL);

  const isInUse = (live) => {
    const marked = getSelection();
    const reads = marked && !marked.isCollapsed && live.contains(marked.anchorNode);
    return reads || live.contains(document.activeElement);
  };

  // A part that is scrolled sideways, or opened, is so afterwards.
  const put = (live, fresh) => {
    const boxes = [...live.querySelectorAll("[role=region]")].map((box) => [box.scrollLeft, box.scrollTop]);
    const open = [...live.querySelectorAll("details")].map((details) => details.open);
    live.replaceWith(fresh);
    [...fresh.querySelectorAll("[role=region]")].forEach((box, at) => {
      if (boxes[at]) [box.scrollLeft, box.scrollTop] = boxes[at];
    });
    [...fresh.querySelectorAll("details")].forEach((details, at) => {
      if (open[at]) details.open = true;
    });
  };

  // A chart keeps its place and its reader: only what it draws is another, and its table.
  const redraw = (fresh) => {
    for (const figure of document.querySelectorAll("figure[data-chart]")) {
      const other = fresh.getElementById(figure.id);
      const [script, table] = ["script", "tbody"].map((part) => figure.querySelector(part));
      const [newer, rows] = ["script", "tbody"].map((part) => other && other.querySelector(part));
      if (!script || !newer || script.textContent === newer.textContent) continue;
      script.textContent = newer.textContent;
      if (table && rows) table.replaceWith(rows);
      document.dispatchEvent(new Event("charts"));
    }
  };

  const told = (isAway) => {
    const note = document.getElementById("offline");
    if (!note) return;
    const time = updated.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "Europe/Paris" });
    if (isAway) note.textContent = note.dataset.said.replace("{time}", time);
    note.hidden = !isAway;
  };

  const refresh = async (parts) => {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const live of parts) {
      const other = fresh.getElementById(live.id);
      if (other && live.isConnected && !isInUse(live)) put(live, other);
    }
    redraw(fresh);
    updated = new Date();
  };

  const look = async () => {
    const at = Date.now();
    const parts = [...document.querySelectorAll("[data-live]")];
    for (const live of parts) if (!due.has(live.id)) due.set(live.id, at + pause(live));
    const late = parts.filter((live) => due.get(live.id) <= at);
    if (!late.length || document.hidden || asking) return;
    asking = true;
    for (const live of late) due.set(live.id, at + pause(live));
    await refresh(late).then(() => told(false), () => told(true));
    asking = false;
  };

  setInterval(look, TICK);
})();
