// "/" leads to the search field, from wherever nothing is being written.
(() => {
  const WRITES = "input, select, textarea, [contenteditable]";

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(WRITES)) return;
    const field = document.querySelector("[data-search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  // A menu closes when Escape is pressed in it, or something else is.
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest("details.menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  // How many alerts ring stands beside their room, on every page, and is asked again each minute while one looks.
  const room = document.querySelector('header a[href="/alerts/"]');
  const ring = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch("/alerts/count", { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { active } = await answer.json();
      let badge = room.querySelector(".ringing");
      if (!badge) {
        badge = document.createElement("span");
        badge.className = "ringing";
        room.append(" ", badge);
      }
      badge.textContent = active || "";
    } catch {
      // Away for now: what stands there stays.
    }
  };
  if (room) {
    ring();
    setInterval(ring, 60_000);
  }
})();
