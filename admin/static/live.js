// Keeps what goes on up to date: the part of the page that is marked data-live is fetched anew and put in its place.
// Without this script the page reloads itself.
(() => {
  const PAUSE = 5000;

  const refreshed = async (live) => {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(live.id);
    // What somebody is about to press stays where it is.
    if (fresh && !live.contains(document.activeElement)) live.replaceWith(fresh);
  };

  const look = async () => {
    const live = document.querySelector("[data-live]");
    if (!live) return;
    if (!document.hidden) await refreshed(live).catch(() => {});
    setTimeout(look, PAUSE);
  };

  setTimeout(look, PAUSE);
})();
