// Keeps a list of matches, or one match, as it is now. The server says by an event that there is something new; the page
// then fetches itself, and what differs is put in its place: what somebody reads, has focused or opened stays.
(() => {
  const SOON = 200; // ms: several events in a row are one renewal
  const PATIENCE = 5000; // ms without the server until the page says that it is off line
  const SILENCE = 40000; // ms: the server says every 15 s that it is there
  const POLL = 15000;
  const AGAIN = 60000; // ms until a stream is asked for again
  const RECENT = 600000;
  const BADGE_AFTER = 2; // periods of the crawls

  const language = document.documentElement.lang;
  const live = document.getElementById("live");
  const status = document.getElementById("live-status");
  if (!live || !status) return;

  // -- putting what differs in its place ------------------------------------------------------------------------------

  const keyOf = (node) => node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined;
  const alike = (one, other) => one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
  const KEPT = ["open", "hidden", "data-words"];

  const attributes = (old, fresh) => {
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !KEPT.includes(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  };

  const flash = (element) => {
    element.classList.remove("flash");
    void element.offsetWidth;
    element.classList.add("flash");
  };

  const chart = (old, fresh) => {
    for (const part of ["script", "tbody", "thead"]) {
      const [was, is] = [old.querySelector(part), fresh.querySelector(part)];
      if (was && is && was.textContent !== is.textContent) was.replaceChildren(...is.childNodes);
    }
  };

  const morph = (old, fresh) => {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.isEqualNode(fresh)) return;
    if (old.matches("figure[data-chart]") && fresh.matches("figure[data-chart]")) return chart(old, fresh);
    const changed = old.dataset.value !== undefined && old.dataset.value !== fresh.dataset.value;
    attributes(old, fresh);
    children(old, fresh);
    if (changed) flash(old);
  };

  const children = (old, fresh) => {
    const keyed = new Map([...old.children].filter(keyOf).map((child) => [keyOf(child), child]));
    let place = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const known = keyOf(wanted) && keyed.get(keyOf(wanted));
      if (known && alike(known, wanted)) {
        if (known === place) place = place.nextSibling;
        else old.insertBefore(known, place);
        morph(known, wanted);
        keyed.delete(keyOf(wanted));
      } else if (place && !keyOf(place) && !keyOf(wanted) && alike(place, wanted)) {
        const next = place.nextSibling;
        morph(place, wanted);
        place = next;
      } else {
        old.insertBefore(document.importNode(wanted, true), place);
      }
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  };

  // -- what grows old by itself ---------------------------------------------------------------------------------------

  const UNITS = [[language === "fr" ? "j" : "d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

  const ago = (instant) => {
    const until = (instant - Date.now()) / 1000;
    const length = Math.floor(Math.abs(until));
    const [unit, size] = UNITS.find(([, size]) => length >= size) ?? UNITS.at(-1);
    const said = `${Math.floor(length / size)} ${unit}`;
    if (language === "fr") return until > 0 ? `dans ${said}` : `il y a ${said}`;
    return until > 0 ? `in ${said}` : `${said} ago`;
  };

  const grow = () => {
    for (const time of document.querySelectorAll("time[data-age]")) {
      const instant = Date.parse(time.dateTime);
      const said = ago(instant);
      if (time.textContent !== said) time.textContent = said;
      const badge = time.nextElementSibling;
      const period = time.closest("[data-period]")?.dataset.period * 1000;
      if (!badge?.matches("[data-stale]") || !period || live.hasAttribute("data-begun")) continue;
      if (Date.now() - instant > BADGE_AFTER * period) badge.hidden = false;
      else if (live.hasAttribute("data-period")) badge.hidden = true;
    }
    for (const move of live.querySelectorAll("[data-changed]")) {
      move.classList.toggle("recent", Date.now() - Date.parse(move.dataset.changed) <= RECENT);
    }
  };

  // -- hearing of what is new -----------------------------------------------------------------------------------------

  let source = null;
  let off = null;
  let heard = Date.now();
  let polling = null;
  let renewing = null;

  const tell = (state) => {
    const words = state === "off" ? status.dataset.off.replace("{at}", status.dataset.seen) : status.dataset[state];
    status.dataset.state = state;
    const room = status.querySelector("[data-words]");
    if (room.textContent !== words) room.textContent = words;
  };

  const here = (state = "on") => {
    heard = Date.now();
    clearTimeout(off);
    off = null;
    tell(state);
  };

  const away = () => (off ??= setTimeout(() => tell("off"), PATIENCE));

  const renew = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 401 || answer.status === 403) return leave();
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("live");
    if (!fresh) return leave();
    const focused = document.activeElement;
    const [left, top] = [scrollX, scrollY];
    morph(live, fresh);
    const seen = page.getElementById("live-status");
    if (seen) status.dataset.seen = seen.dataset.seen;
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
    if (scrollX !== left || scrollY !== top) scrollTo({ left, top, behavior: "instant" });
    document.dispatchEvent(new Event("charts"));
    grow();
  };

  const soon = () => {
    clearTimeout(renewing);
    renewing = setTimeout(() => renew().catch(away), SOON);
  };

  const leave = () => {
    stop();
    tell("out");
  };

  const stop = () => {
    source?.close();
    source = null;
    clearTimeout(polling);
    clearTimeout(off);
    off = null;
  };

  // Where no stream is to be had, the page asks now and then; the browser holds the answer against the last one (ETag).
  const poll = async (until) => {
    try {
      const answer = await fetch(live.dataset.latest, { credentials: "same-origin", cache: "no-cache" });
      if (answer.redirected || answer.status === 401 || answer.status === 403) return leave();
      if (!answer.ok) throw new Error(answer.statusText);
      here("slow");
      const { id } = await answer.json();
      if (String(id) !== (live.dataset.polled ?? live.dataset.newest)) await renew();
      live.dataset.polled = id;
    } catch {
      away();
    }
    polling = Date.now() < until ? setTimeout(poll, POLL, until) : setTimeout(listen, 0);
  };

  const listen = () => {
    stop();
    heard = Date.now();
    source = new EventSource(`${live.dataset.liveEvents}?since=${live.dataset.newest}`);
    source.addEventListener("open", () => here());
    source.addEventListener("ping", () => here());
    for (const name of ["change", "snapshot_required"]) {
      source.addEventListener(name, () => {
        here();
        soon();
      });
    }
    source.addEventListener("error", () => {
      away();
      // Refused, not cut: the browser does not try again by itself.
      if (source?.readyState === EventSource.CLOSED) {
        source = null;
        poll(Date.now() + AGAIN);
      }
    });
  };

  document.addEventListener("visibilitychange", () => {
    // A browser opens few connections to one server: a tab nobody looks at keeps none.
    if (document.hidden) return stop();
    grow();
    soon();
    listen();
  });
  addEventListener("offline", () => tell("off"));
  addEventListener("online", () => listen());
  addEventListener("pagehide", stop);

  setInterval(() => {
    grow();
    if (source && Date.now() - heard > SILENCE) {
      tell("off");
      listen();
    }
  }, 5000);

  // -- what is behind a price -----------------------------------------------------------------------------------------

  const place = (cell) => {
    const told = cell.querySelector(".told");
    const button = cell.querySelector(".tell");
    if (!told || !button) return;
    const at = button.getBoundingClientRect();
    told.style.left = "0px";
    told.style.top = "0px";
    const { width, height } = told.getBoundingClientRect();
    const below = at.bottom + height <= innerHeight;
    told.style.left = `${Math.max(4, Math.min(at.left, innerWidth - width - 4))}px`;
    told.style.top = `${below ? at.bottom : Math.max(4, at.top - height)}px`;
  };

  const shown = (event) => {
    const cell = event.target.closest?.("td.offer");
    if (cell) place(cell);
  };
  document.addEventListener("mouseover", shown);
  document.addEventListener("focusin", shown);
  document.addEventListener("keydown", (event) => {
    const cell = event.key === "Escape" && event.target.closest("td.offer");
    if (cell) cell.classList.add("shut");
  });
  document.addEventListener("focusout", (event) => event.target.closest("td.offer")?.classList.remove("shut"));

  document.querySelector("[data-copy]")?.addEventListener("click", async (event) => {
    if (!navigator.clipboard) return;
    event.preventDefault();
    await navigator.clipboard.writeText(event.currentTarget.href);
  });

  grow();
  if (!document.hidden) listen();
})();
